using HrNetBatch.Model.Imaging;

namespace HrNetBatch.Model.Data;

/// <summary>How batches are made.</summary>
public sealed record BatchLoaderOptions
{
    /// <summary>Samples in a batch.</summary>
    public required int BatchSize { get; init; }

    /// <summary>Side of the network's input.</summary>
    public required int ImageSize { get; init; }

    /// <summary>True: shuffled and augmented. False: as written, resized and centre-cropped.</summary>
    public bool IsTraining { get; init; }

    /// <summary>What training does to the images.</summary>
    public Augmentation Augmentation { get; init; } = Augmentation.Default;

    /// <summary>Labels at and above it end the reading with an error; null lets all pass.</summary>
    public int? ClassCount { get; init; }

    /// <summary>True: a sample without a label is skipped. False, for distillation: it counts, with the label -1, as does one whose label no class has.</summary>
    public bool RequiresLabels { get; init; } = true;

    /// <summary>Whether batches keep the images as they were stored, in <see cref="Batch.EncodedImages"/>.</summary>
    public bool KeepsEncodedImages { get; init; }

    /// <summary>Whether the last batch of an epoch is left out if it has fewer samples than the others; the only one never is.</summary>
    public bool DropsLast { get; init; }

    /// <summary>Seed of order and augmentation.</summary>
    public long Seed { get; init; }

    /// <summary>Samples held in memory, still encoded, to be shuffled.</summary>
    public int ShuffleBufferSize { get; init; } = 1000;

    /// <summary>How many shards are read at once where training, a sample of each in turn: part of the order, whatever the machine.</summary>
    public int ShardsAtOnce { get; init; } = 1;

    /// <summary>How many consecutive samples stay together where training, as <see cref="SampleOrder"/> says; 0: whole shards are permuted. Part of the order.</summary>
    public int BlockSize { get; init; }

    /// <summary>The network's class for each class of the data; null: the same numbers.</summary>
    public IReadOnlyList<int>? ClassMap { get; init; }

    /// <summary>Threads that decode; the batches do not depend on it.</summary>
    public int ThreadCount { get; init; } = Environment.ProcessorCount;

    /// <summary>Batches prepared ahead of the consumer.</summary>
    public int PrefetchCount { get; init; } = 2;

    /// <summary>Crop side over resized short side, where not training.</summary>
    public double CropRatio { get; init; } = Preprocessing.DefaultCropRatio;

    /// <summary>Hears of every skipped sample, in their order, from the loop that reads the batches.</summary>
    public Action<SkippedSample>? OnSkipped { get; init; }

    /// <summary>Hears of every sample that counts without a label, in their order, and why it has none; asked only where labels are not required.</summary>
    public Action<SkippedSample>? OnUnlabelled { get; init; }
}
