using System.ComponentModel.DataAnnotations;

namespace HrNetBatch.Jobs.Blobs;

/// <summary>How a worker reads data sets: what it has in flight, how patient it is, and where it may keep copies.</summary>
public sealed class BlobReadingOptions
{
    /// <summary>Where these options stand in the configuration.</summary>
    public const string Section = "HrNetBatch:Blobs:Reading";

    /// <summary>Bytes of one request.</summary>
    [Range(1 << 16, 1 << 28)]
    public int RangeBytes { get; set; } = 4 << 20;

    /// <summary>Requests under way for one stream; with <see cref="RangeBytes"/> what it holds in memory.</summary>
    [Range(1, 64)]
    public int RangesAtOnce { get; set; } = 3;

    /// <summary>How long a request may bring nothing before it is given up and asked again for the rest.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:10:00")]
    public TimeSpan StallTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>How often in a row a request may fail without bringing a byte.</summary>
    [Range(0, 100)]
    public int RetryCount { get; set; } = 6;

    /// <summary>Pause before the first repetition; it doubles with each.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(0.4);

    /// <summary>A folder of this machine for copies of shards, so that later epochs and jobs need not fetch them; null: none is kept.</summary>
    public string? CacheFolder { get; set; }

    /// <summary>Most bytes that <see cref="CacheFolder"/> may hold; the copies used longest ago go first.</summary>
    [Range(1L << 20, 1L << 50)]
    public long CacheBytes { get; set; } = 100L << 30;
}
