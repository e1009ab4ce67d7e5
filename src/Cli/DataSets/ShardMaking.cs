using System.Globalization;
using HrNetBatch.Cli.Output;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Data.Layouts;

namespace HrNetBatch.Cli.DataSets;

/// <summary>What was made.</summary>
/// <param name="Shards">Names of the shards.</param>
/// <param name="SampleCount">Samples in them.</param>
/// <param name="ClassCount">Classes; 0 where the source says none.</param>
/// <param name="Target">The folder.</param>
internal sealed record MadeShards(IReadOnlyList<string> Shards, long SampleCount, int ClassCount, string Target)
{
    /// <summary>Shows it to people.</summary>
    public void Show()
    {
        Screen.WriteLine($"Made {Words.Count(Shards.Count)} shards with {Words.Count(SampleCount)} samples of {Words.Count(ClassCount)} classes in {Target}.");
        Screen.WriteLine($"Train on them with --data {Target.TrimEnd('/')}/{Shards[0][..Shards[0].LastIndexOf('-')]}-* --class-count {ClassCount}");
    }
}

/// <summary>Deals the samples of a data set out to WebDataset shards, in a mixed order that the seed determines, and says beside them what they are.</summary>
internal sealed class ShardMaking(DataPlace source, DataPlace target, string targetPath)
{
    private const string LabelsName = "labels.txt";

    private readonly string _folder = targetPath.TrimEnd('/') + "/";

    /// <summary>What the shards are called.</summary>
    public required string Split { get; init; }

    /// <summary>From how many bytes on a shard ends.</summary>
    public required long ShardBytes { get; init; }

    /// <summary>Seed of the order.</summary>
    public required long Seed { get; init; }

    /// <summary>Names of the classes in their order; null: the source's.</summary>
    public string? LabelsFile { get; init; }

    /// <summary>Makes them.</summary>
    /// <exception cref="UserException">The source has no classes, or others than the labels.</exception>
    public async Task<MadeShards> RunAsync(string sourcePath, CancellationToken cancellation)
    {
        if (Split.Length == 0 || Split.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('_' or '-')))
            throw new UserException($"--split must be letters, digits, - and _; '{Split}' is not.", UserException.WrongRequest);
        DataSet data = await new DataSetFinder(source.Files).FindAsync(sourcePath, cancellationToken: cancellation);
        (IReadOnlyList<string> classes, Func<long, long> labelOf) = await ClassesAsync(data, cancellation);
        await target.PrepareAsync(_folder, cancellation);

        var made = new List<(string FileName, long SampleCount)>();
        IAsyncEnumerator<Sample> samples = new ShuffledSamples(data).ReadAsync(SampleOrder.Shuffled(Seed, 0, shardsAtOnce: 4), cancellation).GetAsyncEnumerator(cancellation);
        await using (samples)
        {
            for (bool hasMore = await samples.MoveNextAsync(); hasMore;)
            {
                string name = string.Create(CultureInfo.InvariantCulture, $"{Split}-{made.Count:000000}.tar");
                (hasMore, long count) = await WriteShardAsync(name, samples, labelOf, cancellation);
                made.Add((name, count));
                Screen.Say($"{name}: {Words.Count(count)} samples");
            }
        }
        foreach (LeftOut left in data.LeftOut)
            Screen.Warn($"{left}");
        if (made.Count == 0)
            throw new UserException($"{sourcePath} has no samples.");
        if (classes.Count > 0)
            await WriteAsync(LabelsName, System.Text.Encoding.UTF8.GetBytes(string.Join('\n', classes) + "\n"), cancellation);
        await WriteAsync("_info.json", await InfoAsync(made, cancellation), cancellation);
        return new MadeShards([.. made.Select(shard => shard.FileName)], made.Sum(shard => shard.SampleCount), classes.Count, targetPath);
    }

    private async Task<(bool HasMore, long Count)> WriteShardAsync(string name, IAsyncEnumerator<Sample> samples, Func<long, long> labelOf, CancellationToken cancellation)
    {
        var temporary = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            BufferSize = 1 << 20,
            Options = FileOptions.DeleteOnClose | FileOptions.Asynchronous,
        };
        if (!OperatingSystem.IsWindows())
            temporary.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using var file = new FileStream(Path.Combine(Path.GetTempPath(), $"hrnet-{Guid.NewGuid():N}.tar"), temporary);
        long count;
        bool hasMore = true;
        await using (var writer = new ShardWriter(file))
        {
            while (hasMore && (writer.SampleCount == 0 || file.Position < ShardBytes))
            {
                await ShardSample.WriteAsync(writer, samples.Current, labelOf, cancellation);
                hasMore = await samples.MoveNextAsync();
            }
            count = writer.SampleCount;
        }
        file.Position = 0;
        DataFile written = await target.Files.WriteAsync(_folder + name, file, cancellation);
        await ShardIndexer.WriteAsync(target.Files, written, DataLayout.WebDataset, cancellation);
        return (hasMore, count);
    }

    private async Task<(IReadOnlyList<string> Classes, Func<long, long> LabelOf)> ClassesAsync(DataSet data, CancellationToken cancellation)
    {
        if (LabelsFile is null)
            return (data.Classes ?? [], label => label);
        if (!File.Exists(LabelsFile))
            throw new UserException($"{LabelsFile} does not exist.", UserException.WrongRequest);
        string[] names = [.. (await File.ReadAllLinesAsync(LabelsFile, cancellation)).Where(line => line.Length > 0)];
        if (data.Classes is not { } own)
            return (names, label => label);
        string[] unknown = [.. own.Except(names)];
        if (unknown.Length > 0)
            throw new UserException($"{LabelsFile} lacks {string.Join(", ", unknown.Take(5))}, which the source has as {(unknown.Length == 1 ? "a class" : "classes")}.");
        long[] labels = [.. own.Select(name => (long)Array.IndexOf(names, name))];
        return (names, label => label < 0 ? label : labels[label]);
    }

    // Splits that were made into the same folder before stay in the list.
    private async Task<byte[]> InfoAsync(List<(string FileName, long SampleCount)> made, CancellationToken cancellation)
    {
        DataFile? before = await target.Files.FindAsync(_folder + "_info.json", cancellation);
        return await ShardInfoFile.WithSplitAsync(target.Files, before, Split, made, cancellation);
    }

    private Task<DataFile> WriteAsync(string name, byte[] content, CancellationToken cancellation) =>
        target.Files.WriteAsync(_folder + name, new MemoryStream(content), cancellation);
}
