using System.ComponentModel.DataAnnotations;

namespace HrNetBatch.Model.Inference;

/// <summary>How a <see cref="Classifier"/> runs; the defaults suit a machine of its own.</summary>
public sealed record ClassifierOptions
{
    /// <summary>Where it runs: <c>cpu</c>, <c>cuda:N</c>, or <c>auto</c> for the first GPU that libtorch can use, else the CPU.</summary>
    public string Device { get; init; } = "auto";

    /// <summary>What it computes with. Default: the faster one for the machine.</summary>
    public InferenceEngine Engine { get; init; }

    /// <summary>Images in a full batch; weights are laid out for this number. Default 8.</summary>
    [Range(1, 4096)]
    public int BatchSize { get; init; } = 8;

    /// <summary>How many batches run at once. Default 0: one for each core that this process may use, one on a GPU.</summary>
    [Range(0, 1024)]
    public int ReplicaCount { get; init; }

    /// <summary>Threads inside one replica on the CPU. Default 1: replicas share no barriers, so a busy core slows one only.</summary>
    [Range(1, 1024)]
    public int ThreadsPerReplica { get; init; } = 1;

    /// <summary>Height and width of the images, a multiple of 32. Default 0: what the weights' card says, else 224.</summary>
    [Range(0, 65536)]
    public int ImageSize { get; init; }

    /// <summary>Share of the resized short side that the centre crop keeps. Default null: what the weights' card says, else the original's 0.875.</summary>
    [Range(0.1, 1.0)]
    public double? CropFraction { get; init; }

    /// <summary>Whether each image is seen twice, as it is and mirrored, and the probabilities of the two answers are averaged: more often right, at twice the work.</summary>
    public bool AveragesFlip { get; init; }
}
