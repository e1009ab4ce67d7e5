using System.Security.Cryptography;
using System.Text;
using HrNetBatch.Model.Checkpoints.Safetensors;
using HrNetBatch.Model.Native;

namespace HrNetBatch.Model.Checkpoints;

/// <summary>Reads what Python's torch.save wrote, of any version, and safetensors, without running anything that the file says.</summary>
public static class CheckpointReader
{
    private const int HeadBytes = 512;

    /// <summary>Reads a whole checkpoint; its format is told by its content, never by its name (a <c>.pth.tar</c> is no tar).</summary>
    /// <param name="stream">Seekable; read from its beginning. It stays open and may be closed after the call.</param>
    /// <param name="name">The file or blob, for messages.</param>
    /// <returns>The checkpoint, which owns its tensors: dispose it.</returns>
    /// <exception cref="CheckpointException">The file is no checkpoint, is damaged, or asks for more than plain values.</exception>
    public static Checkpoint Read(Stream stream, string name)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!stream.CanSeek)
            throw new ArgumentException("A checkpoint is read from a seekable stream: copy it to a file or to memory first.", nameof(stream));
        LibTorch.Load();
        try
        {
            Func<CheckpointData> read = Open(stream);
            // Hashed once the file has shown itself to be a checkpoint, and before tensors take memory.
            string sha256 = Hash(stream);
            return Checkpoint.Create(name, read(), sha256, stream.Length);
        }
        catch (InvalidDataException e)
        {
            throw new CheckpointException($"{name}: {e.Message}.", e);
        }
        catch (EndOfStreamException e)
        {
            throw new CheckpointException($"{name}: the file ends in the middle of its data: copy or download it again.", e);
        }
    }

    private static string Hash(Stream stream)
    {
        long position = stream.Position;
        stream.Position = 0;
        string hash = Convert.ToHexStringLower(SHA256.HashData(stream));
        stream.Position = position;
        return hash;
    }

    private static Func<CheckpointData> Open(Stream stream)
    {
        stream.Position = 0;
        byte[] head = new byte[HeadBytes];
        int length = stream.ReadAtLeast(head, HeadBytes, throwOnEndOfStream: false);
        ReadOnlySpan<byte> start = head.AsSpan(0, length);
        if (start.StartsWith("PK\x03\x04"u8))
            return ZipFormat.Open(stream).Read;
        int magic = start[..Math.Min(length, 32)].IndexOf(LegacyFormat.Magic);
        if (magic >= 0 && start[0] == 0x80)
            return LegacyFormat.Open(stream, magic + LegacyFormat.Magic.Length).Read;
        if (SafetensorsFormat.Claims(start))
            return SafetensorsFormat.Open(stream).Read;
        throw new InvalidDataException(Refusal(start));
    }

    private static string Refusal(ReadOnlySpan<byte> start)
    {
        if (start.IsEmpty)
            return "the file is empty";
        if (StartsWithTarMember(start))
            return "it is a real tar archive, the format of torch before 0.1.13, which is not read: load it in Python and save it again with torch.save";
        if (start.Length >= 262 && start.Slice(257, 5).SequenceEqual("ustar"u8))
            return $"it is a tar archive that holds '{FirstMember(start)}', not a checkpoint itself (a checkpoint called .pth.tar is no tar): unpack it with tar -xf, and name the file in it";
        if (start[0] == 0x80)
            return "it is a bare pickle, not what torch.save writes (PaddlePaddle's .pdparams are such files): convert it to a state dict in Python and save that with torch.save";
        if (start.StartsWith(new byte[] { 0x1f, 0x8b }))
            return "it is compressed with gzip: unpack it first";
        ReadOnlySpan<byte> text = start.StartsWith(Encoding.UTF8.Preamble) ? start[3..] : start;
        text = text.TrimStart(" \t\r\n"u8);
        if (text.StartsWith("<"u8))
            return $"it is a web page{Title(text)}, which a download got instead of the file (an error, a sign-in, or a question that a browser shows): open its address in a browser, and save what that gives";
        if (start.StartsWith("version https://git-lfs"u8))
            return "it is a pointer of Git LFS, not the file itself: fetch it with git lfs pull, or download it";
        if (start.StartsWith(new byte[] { 0x89, (byte)'H', (byte)'D', (byte)'F' }))
            return "it is an HDF5 file (Keras, TensorFlow), which is not read: convert it to a PyTorch state dict";
        if (start.IndexOf("PK\x03\x04"u8) is > 0 and < 64)
            return "something stands before the zip archive that it is: the download or its conversion added bytes; download it again in binary mode";
        if (!start.ContainsAnyExcept((byte)0))
            return "it begins with zeros alone: the download was never finished, or the disk lost it; download it again";
        if (IsText(start))
            return $"it is a text, which begins \"{ForeignText.Printable(Encoding.UTF8.GetString(text[..Math.Min(text.Length, 60)]).Trim(), 60)}\", probably the answer to a failed download: look at it, and download the file again";
        return "it is no checkpoint: neither PyTorch's zip and legacy formats nor safetensors begin like this";
    }

    private static string FirstMember(ReadOnlySpan<byte> start) =>
        ForeignText.Printable(Encoding.UTF8.GetString(start[..100]).TrimEnd('\0'), 100);

    private static string Title(ReadOnlySpan<byte> page)
    {
        string text = Encoding.UTF8.GetString(page);
        int begin = text.IndexOf("<title>", StringComparison.OrdinalIgnoreCase);
        int end = begin < 0 ? -1 : text.IndexOf("</", begin, StringComparison.Ordinal);
        return end < 0 ? "" : $" (\"{ForeignText.Printable(text[(begin + "<title>".Length)..end].Trim(), 60)}\")";
    }

    private static bool IsText(ReadOnlySpan<byte> start)
    {
        foreach (byte b in start)
            if (b is < 0x20 and not ((byte)'\t' or (byte)'\r' or (byte)'\n') or 0x7f)
                return false;
        return true;
    }

    private static bool StartsWithTarMember(ReadOnlySpan<byte> start)
    {
        string member = Encoding.Latin1.GetString(start[..Math.Min(start.Length, 100)]).TrimEnd('\0');
        return start.Length == HeadBytes && member is "storages" or "tensors" or "pickle" or "sys_info";
    }
}
