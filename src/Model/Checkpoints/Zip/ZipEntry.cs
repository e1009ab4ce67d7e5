namespace HrNetBatch.Model.Checkpoints.Zip;

/// <summary>A stored (uncompressed) file of a zip archive, as its directory describes it.</summary>
internal sealed record ZipEntry(string Name, uint Crc, long LengthBytes, long HeaderOffset)
{
    /// <summary>Where the next entry, or the directory, begins: this one's data ends there at the latest.</summary>
    public long LimitOffset { get; init; } = long.MaxValue;
}
