using System.ComponentModel.DataAnnotations;

namespace HrNetBatch.Kinds.Execution;

/// <summary>How much memory the process of an attempt uses to decode images.</summary>
public sealed class DecodingOptions
{
    /// <summary>Section in the configuration.</summary>
    public const string Section = "HrNetBatch:Decoding";

    /// <summary>
    /// Memory that all images share which are being decoded, in bytes; an image that needs more than all of it is a failed item, or a
    /// broken sample. Null: half of what the machine or the container has.
    /// </summary>
    [Range(16L << 20, 1L << 50)]
    public long? MemoryBytes { get; set; }
}
