using HrNetBatch.Model.Data;
using HrNetBatch.Model.Data.Tar;
using HrNetBatch.Model.Files;

namespace HrNetBatch.Model.Checkpoints;

/// <summary>What a file is that should be a checkpoint and is none, and what to do: the end of a sentence that begins with its name.</summary>
internal static class ForeignCheckpoint
{
    private const int MostMembers = 100, LongestName = 100;
    private const long LongestPassedBytes = 64 << 20;

    /// <summary>Describes it.</summary>
    /// <param name="start">Its first 512 bytes, or all where it has fewer.</param>
    /// <param name="stream">The file, for a look at what an archive holds.</param>
    public static string Describe(ReadOnlySpan<byte> start, Stream stream)
    {
        if (start.Length >= 262 && start.Slice(257, 5).SequenceEqual("ustar"u8) || IsOldTar(start))
            return TarOf(MembersOf(stream), "a tar archive", "tar -xf");
        if (start.Length > 0 && start[0] == 0x80)
            return "it is a bare pickle, not what torch.save writes (PaddlePaddle's .pdparams are such files): convert it to a state dict in Python and save that with torch.save";
        if (StrayFile.CompressionOf(start) is { } compression)
            return compression == "gzip" && MembersOf(stream) is { Count: > 0 } members
                ? TarOf(members, "a tar archive compressed with gzip", "tar -xzf")
                : $"it is compressed with {compression}: unpack it first ({(compression == "gzip" ? "gunzip" : compression)}), and name what comes out";
        if (StrayFile.ArchiveOf(start) is { } archive)
            return $"it is {archive}, not a checkpoint itself: unpack it, and name the file in it";
        if (start.StartsWith(new byte[] { 0x89, (byte)'H', (byte)'D', (byte)'F' }))
            return "it is an HDF5 file (Keras, TensorFlow), which is not read: convert it to a PyTorch state dict";
        if (start.IndexOf("PK\x03\x04"u8) is > 0 and < 64)
            return "something stands before the zip archive that it is: the download or its conversion added bytes; download it again in binary mode";
        return StrayFile.InsteadOf(start) is { } instead
            ? $"it is {instead}"
            : "it is no checkpoint: neither PyTorch's zip and legacy formats nor safetensors begin like this. Name the file that torch.save wrote, or download it again";
    }

    private static string TarOf(List<string> members, string kind, string unpack)
    {
        if (members.Any(member => member is "storages" or "tensors" or "pickle" or "sys_info"))
            return "it is a real tar archive, the format of torch before 0.1.13, which is not read: load it in Python and save it again with torch.save";
        string? named = members.FirstOrDefault(ZipFormat.IsCheckpointName) ?? (members.Count > 0 ? members[0] : null);
        return named is null
            ? $"it is {kind} in which no file can be found: it is empty or cut off, so download it again"
            : $"it is {kind} that holds '{ForeignText.Printable(named, LongestName)}', not a checkpoint itself (a checkpoint called .pth.tar is no tar): unpack it with {unpack}, and name the file in it";
    }

    // Files alone, by their real names: headers of attributes and long names stand before those, and macOS' ._files beside them.
    private static List<string> MembersOf(Stream stream)
    {
        List<string> members = [];
        stream.Position = 0;
        try
        {
            ReadAsync().GetAwaiter().GetResult();
        }
        catch (ShardException)
        {
            // What was seen before the damage says enough, or nothing does.
        }
        return members;

        async Task ReadAsync()
        {
            await using var archive = new TarArchive(stream, "the archive");
            for (int seen = 0; seen < MostMembers && await archive.NextAsync(CancellationToken.None) is { } member; seen++)
            {
                if (member.IsFile && LeftOutReasons.OfPlace(member.FileName) is null)
                    members.Add(member.Name);
                // To pass over a member of a compressed one means to unpack it.
                if (archive.IsCompressed && (members.Count > 0 || member.Length > LongestPassedBytes))
                    return;
            }
        }
    }

    // V7's tars have no magic: a name up to its NUL, and a checksum that is right.
    private static bool IsOldTar(ReadOnlySpan<byte> start) =>
        start.Length == TarHeader.BlockBytes && start[0] != 0 && TarHeader.IsValid(start);
}
