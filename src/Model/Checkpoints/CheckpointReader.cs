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
        if (start.Length >= 262 && start.Slice(257, 5).SequenceEqual("ustar"u8) || StartsWithTarMember(start))
            return "it is a real tar archive, the format of torch before 0.1.13, which is not read: load it in Python and save it again with torch.save";
        if (start[0] == 0x80)
            return "it is a bare pickle, not what torch.save writes (PaddlePaddle's .pdparams are such files): convert it to a state dict in Python and save that with torch.save";
        if (start.StartsWith(new byte[] { 0x1f, 0x8b }))
            return "it is compressed with gzip: unpack it first";
        if (start[0] == (byte)'<')
            return "it is a web page, probably the error of a failed download";
        if (start.StartsWith("version https://git-lfs"u8))
            return "it is a pointer of Git LFS, not the file itself: fetch it with git lfs pull, or download it";
        if (start.StartsWith(new byte[] { 0x89, (byte)'H', (byte)'D', (byte)'F' }))
            return "it is an HDF5 file (Keras, TensorFlow), which is not read: convert it to a PyTorch state dict";
        return "it is no checkpoint: neither PyTorch's zip and legacy formats nor safetensors begin like this";
    }

    private static bool StartsWithTarMember(ReadOnlySpan<byte> start)
    {
        string member = Encoding.Latin1.GetString(start[..Math.Min(start.Length, 100)]).TrimEnd('\0');
        return start.Length == HeadBytes && member is "storages" or "tensors" or "pickle" or "sys_info";
    }
}
