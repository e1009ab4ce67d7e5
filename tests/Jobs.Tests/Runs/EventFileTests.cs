using System.Diagnostics;
using System.Text.Json;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Runs;
using HrNetBatch.TestKit;

namespace HrNetBatch.Jobs.Tests.Runs;

public sealed class EventFileTests
{
    private const string Python = "/usr/bin/python3";
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Read by a program that shares nothing with ours: read_events.py, written from the formats' texts.</summary>
    [Fact]
    public async Task Write_MakesAFileThatTensorBoardReads()
    {
        Assert.SkipUnless(File.Exists(Python), $"{Python} is not installed");
        JsonElement[] events = await ReadAsync(
            new RecordedPoint("train_loss", 10, 2.5, Start), new RecordedPoint("train_top1", 10, 0.25, Start.AddSeconds(1)),
            new RecordedPoint("train_loss", 4_000_000_000, double.NaN, Start.AddHours(1)), new RecordedPoint("valid_top1", 4_000_000_000, 0.713, Start.AddHours(1)));

        Assert.Equal("brain.Event:2", events[0].GetProperty("file_version").GetString());
        Assert.Equal([0, 10, 4_000_000_000], events.Select(record => record.GetProperty("step").GetInt64()));
        Assert.Equal(Start.AddSeconds(1).ToUnixTimeSeconds(), events[1].GetProperty("wall_time").GetDouble());
        Assert.Equal((2.5, 25), (Value(events[1], "train_loss"), Value(events[1], "train_top1")));   // per cent, as the original's
        Assert.Equal(71.3, Value(events[2], "valid_top1"), 1e-5);
        Assert.True(double.IsNaN(Value(events[2], "train_loss")));
    }

    [Fact]
    public void Write_BeginsALongerFileWithTheBytesOfAShorterOne()
    {
        RecordedPoint[] points = [.. Enumerable.Range(1, 20).Select(step => new RecordedPoint("train_loss", step, 1.0 / step, Start.AddSeconds(step)))];
        byte[] first = Bytes(points[..10]), whole = Bytes(points);

        Assert.True(whole.Length > first.Length);
        Assert.Equal(first, whole[..first.Length]);
    }

    private static double Value(JsonElement record, string tag) => record.GetProperty("values").GetProperty(tag) is { ValueKind: JsonValueKind.Number } number ? number.GetDouble() : double.NaN;

    private static byte[] Bytes(IReadOnlyList<RecordedPoint> points)
    {
        using var file = new MemoryStream();
        EventFile.Write(file, points);
        return file.ToArray();
    }

    private static async Task<JsonElement[]> ReadAsync(params RecordedPoint[] points)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder.File("events"), Bytes(points), TestContext.Current.CancellationToken);
        return await EventReader.ReadAsync(folder.File("events"));
    }

    /// <summary>Runs read_events.py.</summary>
    internal static class EventReader
    {
        public static async Task<JsonElement[]> ReadAsync(string file)
        {
            string script = Path.Combine(Repository.Root, "tests", "Jobs.Tests", "Runs", "read_events.py");
            var start = new ProcessStartInfo(Python, [script, file]) { RedirectStandardOutput = true, RedirectStandardError = true };
            using Process process = Process.Start(start)!;
            Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(process.ExitCode == 0, await errors);
            // Python writes NaN, which JSON does not know.
            return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<JsonElement>(line.Replace("NaN", "null", StringComparison.Ordinal)))];
        }
    }
}
