using System.ComponentModel.DataAnnotations;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Imaging;
using HrNetBatch.Model.Labels;
using HrNetBatch.Model.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Inference;

/// <summary>Weights ready to classify images. Safe to call from many tasks: as many as <see cref="ReplicaCount"/> keep it busy.</summary>
public sealed class Classifier : IDisposable
{
    private const int DefaultImageSize = 224;

    private readonly IInferenceNetwork _network;
    private readonly TorchThreads _replicas;
    private readonly bool _averagesFlip;

    private Classifier(IInferenceNetwork network, TorchThreads replicas, HrNetShape shape, IReadOnlyList<string>? labels, int imageSize, ClassifierOptions options)
    {
        (_network, _replicas, _averagesFlip) = (network, replicas, options.AveragesFlip);
        (Architecture, ClassCount, Labels, ImageSize, BatchSize) = (shape.Architecture, shape.ClassCount, labels, imageSize, options.BatchSize);
        CropFraction = options.CropFraction ?? Preprocessing.DefaultCropRatio;
    }

    /// <summary>The network that the weights are of.</summary>
    public HrNetArchitecture Architecture { get; }

    /// <summary>What loading the weights did beyond copying them.</summary>
    public required LoadReport LoadReport { get; init; }

    /// <summary>How many classes it tells apart.</summary>
    public int ClassCount { get; }

    /// <summary>Their names, in the order of their indices; null where the weights came without.</summary>
    public IReadOnlyList<string>? Labels { get; }

    /// <summary>Height and width of the images that it takes.</summary>
    public int ImageSize { get; }

    /// <summary>Share of the resized short side that the centre crop of an image keeps before it comes here.</summary>
    public double CropFraction { get; }

    /// <summary>The most images in one call.</summary>
    public int BatchSize { get; }

    /// <summary>How many batches run at once.</summary>
    public int ReplicaCount => _replicas.Count;

    /// <summary>Where it runs.</summary>
    public string Device => _network.Device;

    /// <summary>What it computes with.</summary>
    public InferenceEngine Engine { get; private init; }

    /// <summary>Why that is not the faster engine of the machine, in a sentence; null where it is, or one was asked for.</summary>
    public string? EngineRemark { get; private init; }

    /// <summary>How many floats one image takes: 3 × <see cref="ImageSize"/> × <see cref="ImageSize"/>.</summary>
    public int ImageLength => 3 * ImageSize * ImageSize;

    /// <summary>Makes a checkpoint ready to classify, with the labels (see <see cref="ClassLabels.Of"/>), image size and crop fraction that it carries.</summary>
    /// <param name="checkpoint">Is not needed afterwards.</param>
    /// <param name="options">How it runs.</param>
    /// <param name="labels">The classes' names in the order of their indices, in place of those of the checkpoint.</param>
    /// <exception cref="CheckpointException">The weights are of no known network, or do not fit the one that they seem to be of.</exception>
    /// <exception cref="ValidationException">An option is out of range.</exception>
    public static Classifier Load(Checkpoint checkpoint, ClassifierOptions? options = null, IReadOnlyList<string>? labels = null)
    {
        options ??= new ClassifierOptions();
        if (checkpoint.Card is { } card)
            options = options with { ImageSize = options.ImageSize > 0 ? options.ImageSize : card.ImageSize, CropFraction = options.CropFraction ?? card.CropFraction };
        try
        {
            return Load(checkpoint.StateDict, labels ?? ClassLabels.Of(checkpoint), options);
        }
        catch (Exception error) when (error is ArgumentException or CheckpointException)
        {
            throw new CheckpointException($"{checkpoint.Name}: {error.Message}", error);
        }
    }

    /// <summary>Makes weights ready to classify.</summary>
    /// <param name="stateDict">Parameters by the original's names; not needed afterwards.</param>
    /// <param name="labels">The classes' names in the order of their indices, or null.</param>
    /// <param name="options">How it runs.</param>
    /// <exception cref="CheckpointException">Names or shapes are not those of the network.</exception>
    /// <exception cref="ArgumentException">The weights are no HRNet's, hold no numbers, have another number of classes than labels, or the size is no multiple of 32.</exception>
    /// <exception cref="ValidationException">An option is out of range.</exception>
    public static Classifier Load(IReadOnlyDictionary<string, Tensor> stateDict, IReadOnlyList<string>? labels, ClassifierOptions options)
    {
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
        HrNetShape shape = HrNetShape.Recognize(stateDict);
        LoadReport report = StateDictLoader.Check(shape, stateDict);
        if (labels is not null && labels.Count != shape.ClassCount)
            throw new ArgumentException($"There {(labels.Count == 1 ? "is" : "are")} {Counted.Of(labels.Count, "label")} for {Counted.Of(shape.ClassCount, "class", "classes")}.", nameof(labels));
        Device device = TorchDevice.Parse(options.Device);
        int imageSize = options.ImageSize > 0 ? options.ImageSize : DefaultImageSize;
        long[] batchShape = [options.BatchSize, 3, imageSize, imageSize];

        int replicaCount = options.ReplicaCount > 0 ? options.ReplicaCount : device.type == DeviceType.CPU ? Environment.ProcessorCount : 1;
        var replicas = new TorchThreads(replicaCount, options.ThreadsPerReplica);
        try
        {
            // On a replica's thread, because oneDNN's layout of a weight may depend on the number of threads.
            (IInferenceNetwork network, InferenceEngine engine, string? remark) = replicas.RunAsync(
                () => InferenceNetworks.Create(stateDict, shape.Architecture, options, batchShape, device), CancellationToken.None).GetAwaiter().GetResult();
            return new Classifier(network, replicas, shape, labels, imageSize, options) { LoadReport = report, Engine = engine, EngineRemark = remark };
        }
        catch
        {
            replicas.Dispose();
            throw;
        }
    }

    /// <summary>Classifies up to <see cref="BatchSize"/> images.</summary>
    /// <param name="images">imageCount × 3 × H × W: RGB, normalised, one plane after the other; must stay as it is until the task ends.</param>
    /// <param name="imageCount">1 to <see cref="BatchSize"/>; a full batch is fastest.</param>
    /// <param name="topK">How many classes to name for each image, at most all.</param>
    /// <param name="cancellationToken">Gives up waiting for a free replica.</param>
    /// <returns>For each image its most probable classes, most probable first; equal ones in the order of their indices.</returns>
    /// <exception cref="InvalidDataException">The network answers with no numbers: its weights or an image are broken.</exception>
    public Task<IReadOnlyList<Prediction[]>> ClassifyAsync(ReadOnlyMemory<float> images, int imageCount, int topK, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(imageCount, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(imageCount, BatchSize);
        ArgumentOutOfRangeException.ThrowIfLessThan(topK, 1);
        if (images.Length != imageCount * ImageLength)
            throw new ArgumentException($"{imageCount} images of {ImageSize}×{ImageSize} are {imageCount * ImageLength} floats, not {images.Length}.", nameof(images));
        return _replicas.RunAsync<IReadOnlyList<Prediction[]>>(() => Classify(images, imageCount, topK), cancellationToken);
    }

    /// <summary>Ends the replicas once they have finished what was asked for, and frees the weights.</summary>
    public void Dispose()
    {
        _replicas.Dispose();
        _network.Dispose();
    }

    private Prediction[][] Classify(ReadOnlyMemory<float> images, int imageCount, int topK)
    {
        float[] logits = _network.Logits(images.Span, imageCount, ImageSize, ImageSize);
        if (_averagesFlip)
            logits = MirrorImages.Average(logits, _network.Logits(MirrorImages.Of(images.Span, ImageSize), imageCount, ImageSize, ImageSize), ClassCount);
        var predictions = new Prediction[imageCount][];
        for (int i = 0; i < imageCount; i++)
            predictions[i] = TopK.Of(logits.AsSpan(i * ClassCount, ClassCount), topK, Labels);
        return predictions;
    }
}
