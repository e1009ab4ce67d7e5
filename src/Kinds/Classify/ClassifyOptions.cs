using System.ComponentModel.DataAnnotations;
using HrNetBatch.Model.Inference;

namespace HrNetBatch.Kinds.Classify;

/// <summary>How a worker goes about classify jobs: what depends on the machine and its network, not on the job.</summary>
public sealed class ClassifyOptions
{
    /// <summary>Where these options stand in the configuration.</summary>
    public const string Section = "HrNetBatch:Classify";

    /// <summary>Images downloaded at once by one lane.</summary>
    [Range(1, 1024)]
    public int DownloadCount { get; set; } = 32;

    /// <summary>What networks are computed with: the faster engine for the machine, or one by name. Where that one cannot run, jobs fail and say so.</summary>
    public InferenceEngine Engine { get; set; }

    /// <summary>Blobs larger than this are failed items: they are read whole into memory, where twice so much (256 MiB at least) lies at most.</summary>
    [Range(1, 1 << 30)]
    public int MaximumImageBytes { get; set; } = 128 << 20;

    /// <summary>Blobs listed and planned in one transaction; the service gives 5,000 at most.</summary>
    [Range(1, 5000)]
    public int ListingPageSize { get; set; } = 5000;

    /// <summary>How often a lane with nothing to do looks for something.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:01:00")]
    public TimeSpan LookInterval { get; set; } = TimeSpan.FromSeconds(0.5);
}
