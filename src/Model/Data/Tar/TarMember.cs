namespace HrNetBatch.Model.Data.Tar;

/// <summary>A member of a tar, as its headers describe it.</summary>
/// <param name="Name">Its path.</param>
/// <param name="Type">The type of its header: '0' for a file, '1' for a hard link.</param>
/// <param name="HeaderOffset">First byte of its headers, long names and attributes included.</param>
/// <param name="ContentOffset">First byte of what is stored of it.</param>
/// <param name="StoredBytes">How many bytes are stored.</param>
/// <param name="Length">How many bytes the file has: more than are stored, where it has holes.</param>
internal sealed record TarMember(string Name, char Type, long HeaderOffset, long ContentOffset, long StoredBytes, long Length)
{
    /// <summary>What is stored of a file with holes, by its places in the file; null for a file without.</summary>
    public IReadOnlyList<(long Offset, long Length)>? Pieces { get; init; }

    /// <summary>Whether it is a file of its own: no folder, no link, nothing that only its writer knows.</summary>
    public bool IsFile => Type is TarHeader.File or TarHeader.OldFile or TarHeader.ContiguousFile or TarHeader.SparseFile;

    /// <summary>The last part of the name.</summary>
    public string FileName => Name[(Name.LastIndexOf('/') + 1)..];

    /// <summary>Byte behind it and its padding: where the next one begins.</summary>
    public long End => ContentOffset + TarHeader.Padded(StoredBytes);
}
