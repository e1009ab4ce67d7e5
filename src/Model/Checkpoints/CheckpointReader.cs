using System.Security.Cryptography;
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
        throw new InvalidDataException(ForeignCheckpoint.Describe(start, stream));
    }
}
