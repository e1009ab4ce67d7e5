using System.ComponentModel.DataAnnotations;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Kinds.DataSets;
using HrNetBatch.Kinds.Models;
using HrNetBatch.Kinds.Validate;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Imaging;
using HrNetBatch.Model.Training;

namespace HrNetBatch.Kinds.Train;

/// <summary>
/// What a train job is asked to do: the recipe, and what it is made of.
/// </summary>
public sealed partial record TrainArguments : TrainingRecipe, IJobArguments
{
    /// <inheritdoc/>
    public static string Kind => "train";

    /// <inheritdoc/>
    public static string Purpose => "trains a network on tar shards";

    /// <inheritdoc/>
    public static string? ResultCheckpoint => "{{result.best}}";

    /// <summary>
    /// The training data: WebDataset tar shards (<c>blob://ALIAS/container/train-{000..009}.tar</c>, or a folder or <c>prefix*</c> whose .tar blobs
    /// they are), a folder with a folder of images for each class, the tars of ILSVRC, or a folder of MDS shards.
    /// </summary>
    [Required]
    [BlobPath]
    public required string Data { get; init; }

    /// <summary>Data to validate on while training; null: no validation.</summary>
    [BlobPath]
    public string? ValidationData { get; init; }

    /// <summary>Epochs from one validation to the next, 1 to validate after each; the last epoch is always validated. Where validating takes long, a larger number leaves more time to train.</summary>
    [Range(1, 100_000)]
    public int ValidationInterval { get; init; } = 1;

    /// <summary>Share of the resized short side that the centre crop of a validation keeps; the original's 0.875 is 224 of 256, 1 keeps all of it. It travels in the checkpoint, for jobs that validate and classify with it.</summary>
    [Range(0.1, 1.0)]
    public double ValidationCropFraction { get; init; } = Preprocessing.DefaultCropRatio;

    /// <summary>Whether a validation sees each image as it is and mirrored, and averages the probabilities of the two answers.</summary>
    public bool ValidationFlipAverage { get; init; }

    /// <summary>How <see cref="Data"/> lies: webDataset, imageFolder, ilsvrc or mds; null: recognised.</summary>
    public DataLayout? DataLayout { get; init; }

    /// <summary>Shards read at once, a sample of each in turn: part of the order of an epoch, like the seed.</summary>
    [Range(1, 256)]
    public int ShardsAtOnce { get; init; } = 4;

    /// <summary>Samples held in memory, as they were stored, to be shuffled: part of the order of an epoch, like the seed.</summary>
    [Range(1, 1_000_000)]
    public int ShuffleBufferSize { get; init; } = 1000;

    /// <summary>Largest share of samples that may be broken, 0 to 1. Broken samples are left out and listed as failed items; beyond this share the job fails.</summary>
    [Range(0.0, 1.0)]
    public double BrokenSampleLimit { get; init; } = 0.01;

    /// <summary>Name of a published network; null: use <see cref="Architecture"/>.</summary>
    public string? Variant { get; init; }

    /// <summary>
    /// A network of one's own: {"stage1":{"blockCount":4,"width":64},"stage2":{"moduleCount":1,"blockCounts":[4,4],"widths":[18,36]},"stage3":…,"stage4":…}.
    /// </summary>
    public HrNetArchitecture? Architecture { get; init; }

    /// <summary>Names of the classes by index; they travel in the checkpoint, and data that name their classes are matched by name. Null: the teacher's, else those that the data name.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>Number of classes, for data that do not name them; null: as many as there are names.</summary>
    [Range(2, 1_000_000)]
    public int? ClassCount { get; init; }

    /// <summary>Side of the square input, pixels; a multiple of 32.</summary>
    [Range(32, 2048)]
    public int ImageSize { get; init; } = 224;

    /// <summary>Prefix for checkpoints: <c>blob://ALIAS/container/prefix</c>.</summary>
    [Required]
    [BlobPath]
    public required string Output { get; init; }

    /// <summary>Steps between two points of the training curves; the first step and the last have a point too.</summary>
    [Range(1, 100_000)]
    public int MetricsInterval { get; init; } = 10;

    /// <summary>Longest time between two checkpoints, besides one an epoch: what a kill costs at most.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How many checkpoints are kept while the run goes on, the newest; two at least, so that there is one before a damaged one.</summary>
    [Range(2, 1000)]
    public int KeptCheckpoints { get; init; } = 3;

    /// <summary>A checkpoint whose weights to start from, of the same network; its classifier begins anew where the classes are others. A blob or a model (<c>model:NAME</c>, <c>model:NAME@VERSION</c>, <c>model:NAME@TAG</c>); null: random weights.</summary>
    [CheckpointReference]
    public string? InitialCheckpoint { get; init; }

    /// <summary>
    /// A trained network of the same classes, named as <see cref="InitialCheckpoint"/>, whose answers are learnt instead of the labels (SSLD distillation): the data
    /// need no labels then. Null: labels are learnt.
    /// </summary>
    [CheckpointReference]
    public string? Teacher { get; init; }

    /// <summary>Name of a model: at success the best weights become its next version; null: they stay in the output only.</summary>
    [ModelName]
    public string? SaveAs { get; init; }

    /// <summary>Whether an epoch, from 0, ends with a validation, where there are data for one.</summary>
    internal bool ValidatesAfter(int epoch) => (epoch + 1) % ValidationInterval == 0 || epoch + 1 == EpochCount;

    /// <summary>How a validation looks at each image.</summary>
    internal ValidationView View => new(ValidationCropFraction, ValidationFlipAverage);

    /// <summary>How the data are read.</summary>
    internal DataReading Reading => new(DataLayout, BrokenSampleLimit, ShardsAtOnce, ShuffleBufferSize);

    /// <summary>Number of classes, however it was given; known once <see cref="TrainClasses"/> has looked at the data.</summary>
    internal int NumberOfClasses => ClassCount ?? Labels!.Count;

    /// <summary>The network, however it was given.</summary>
    internal HrNetArchitecture Network => Architecture ?? HrNetVariant.Parse(Variant!).Architecture;

    /// <inheritdoc/>
    public IEnumerable<string> Faults() => TrainFaults.Of(this);
}
