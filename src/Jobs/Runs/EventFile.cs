using System.Buffers.Binary;
using System.Numerics;
using Google.Protobuf;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Runs.Format;

namespace HrNetBatch.Jobs.Runs;

/// <summary>
/// A run as TensorBoard reads it: records of TFRecord's framing (length, its checksum, an Event message, its checksum), one for each step.
/// Curves keep their names and steps; accuracies are in per cent, as the original's are under the same names.
/// </summary>
public static class EventFile
{
    private const string Version = "brain.Event:2";
    private static readonly string[] Accuracies = ["_top1", "_top5"];

    /// <summary>The name under which TensorBoard finds it.</summary>
    public static string NameOf(Guid job) => $"events.out.tfevents.{job:N}";

    /// <summary>Writes the whole file.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="points">By step; a longer run's file begins with a shorter one's bytes.</param>
    public static void Write(Stream stream, IReadOnlyList<RecordedPoint> points)
    {
        WriteRecord(stream, new Event { WallTime = points.Count > 0 ? Seconds(points[0].At) : 0, FileVersion = Version });
        foreach (IGrouping<long, RecordedPoint> step in points.GroupBy(point => point.Step))
        {
            var summary = new Summary();
            summary.Value.AddRange(step.Select(point => new Summary.Types.Value { Tag = point.Name, SimpleValue = (float)Scaled(point) }));
            WriteRecord(stream, new Event { WallTime = step.Max(point => Seconds(point.At)), Step = step.Key, Summary = summary });
        }
    }

    private static double Scaled(RecordedPoint point) =>
        Accuracies.Any(ending => point.Name.EndsWith(ending, StringComparison.Ordinal)) ? 100 * point.Value : point.Value;

    private static double Seconds(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).TotalSeconds;

    private static void WriteRecord(Stream stream, Event record)
    {
        byte[] content = record.ToByteArray();
        Span<byte> head = stackalloc byte[12], tail = stackalloc byte[4];
        BinaryPrimitives.WriteInt64LittleEndian(head, content.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(head[8..], Checksum(head[..8]));
        BinaryPrimitives.WriteUInt32LittleEndian(tail, Checksum(content));
        stream.Write(head);
        stream.Write(content);
        stream.Write(tail);
    }

    // CRC-32C, rotated and shifted: "masked", because the checksum of data that hold checksums says little (tensorflow/tsl/lib/hash/crc32c.h).
    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
            crc = BitOperations.Crc32C(crc, value);
        crc = ~crc;
        return BitOperations.RotateRight(crc, 15) + 0xa282ead8;
    }
}
