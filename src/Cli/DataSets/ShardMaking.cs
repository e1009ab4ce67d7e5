using System.Globalization;
using HrNetBatch.Cli.Output;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Data.Layouts;
using HrNetBatch.Model.Labels;

namespace HrNetBatch.Cli.DataSets;

/// <summary>What was made.</summary>
/// <param name="Shards">Names of the shards.</param>
/// <param name="SampleCount">Samples in them.</param>
/// <param name="ClassCount">Classes; 0 where the source says none.</param>
/// <param name="Target">The folder.</param>
/// <param name="Data">What names them to a job.</param>
/// <param name="LeftOut">Samples of the source that are not in them, by reason.</param>
internal sealed record MadeShards(IReadOnlyList<string> Shards, long SampleCount, int ClassCount, string Target, string Data, IReadOnlyList<LeftOut> LeftOut)
{
    /// <summary>How many samples of the source are not in them.</summary>
    public long LeftOutCount => LeftOut.Sum(left => left.Count);

    /// <summary>Shows it to people.</summary>
    public void Show()
    {
        Screen.WriteLine($"Made {Words.Count(Shards.Count, "shard")} with {Words.Count(SampleCount, "sample")}{(ClassCount > 0 ? $" of {Words.Count(ClassCount, "class", "classes")}" : "")} in {Target}.");
        Screen.WriteLine($"Name them as {Data}: --data to train on them, --validation-data beside it, or --data of hrnet validate. "
            + (ClassCount > 0 ? "They carry the names of their classes." : "They do not name their classes: give --labels or --class-count to train."));
        if (LeftOutCount > 0)
            Screen.WriteLine($"Left out {Words.Count(LeftOutCount)} of {Words.Count(SampleCount + LeftOutCount, "sample")}: no readable image, or no label where others have one.");
    }
}

/// <summary>Deals the samples of a data set out to WebDataset shards, in a mixed order that the seed determines, and says beside them what they are.</summary>
internal sealed class ShardMaking(DataPlace source, DataPlace target, string targetPath)
{
    private const string LabelsName = "labels.txt", InfoName = "_info.json";

    // Of what can only be read from its start: enough at once, and enough held, to mix shards of any order.
    private const int ShardsAtOnce = 16, BufferSize = 20_000;

    private const int MostNamed = 10;

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
        if (!sourcePath.EndsWith('*') && Whole(_folder).StartsWith(Whole(sourcePath), StringComparison.Ordinal))
            throw new UserException($"{targetPath} lies in {sourcePath}, which would then hold shards beside its images. Name another folder for the shards.", UserException.WrongRequest);
        DataSet data = await new DataSetFinder(source.Files).FindAsync(sourcePath, cancellationToken: cancellation);
        (IReadOnlyList<string> classes, Func<long, long> labelOf) = await ClassesAsync(data, sourcePath, cancellation);
        await target.PrepareAsync(_folder, cancellation);

        if (data.Layout is DataLayout.WebDataset or DataLayout.Mds)
            Screen.Say("Reading the source once to learn its keys, and where its samples lie.");
        var all = new ShardSource(data);
        // Every sample is drawn from all of them: what is sorted by class in the source is mixed in the shards.
        SampleOrder order = await all.SurveyAsync(cancellation)
            ? SampleOrder.Shuffled(Seed, 0, bufferSize: 1, blockSize: 1)
            : SampleOrder.Shuffled(Seed, 0, bufferSize: BufferSize, shardsAtOnce: ShardsAtOnce);

        if (all.RenamedCount > 0)
            Screen.Say($"{Words.Count(all.RenamedCount, "sample has", "samples have")} the key of an earlier one, and _2, _3, … behind it in the shards.");
        if (!all.HasLabels)
            Screen.Warn("No sample has a label: train and validate jobs need them, distillation does not.");

        var made = new List<(string FileName, long SampleCount)>();
        var skipped = new List<SkippedSample>();
        IAsyncEnumerator<Sample> samples = all.ReadAsync(order, Note, cancellation).GetAsyncEnumerator(cancellation);
        await using (samples)
        {
            for (bool hasMore = await samples.MoveNextAsync(); hasMore;)
            {
                string name = string.Create(CultureInfo.InvariantCulture, $"{Split}-{made.Count:000000}.tar");
                (hasMore, long count) = await WriteShardAsync(name, samples, labelOf, cancellation);
                made.Add((name, count));
                Screen.Say($"{name}: {Words.Count(count, "sample")}");
            }
        }
        foreach (LeftOut left in data.LeftOut)
            Screen.Warn($"{left}");
        var result = new MadeShards(
            [.. made.Select(shard => shard.FileName)], made.Sum(shard => shard.SampleCount), classes.Count, targetPath, $"{_folder}{InfoName}#{Split}", all.LeftOut);
        Tell(skipped, result);
        if (made.Count == 0)
            throw new UserException(skipped.Count == 0 ? $"{sourcePath} has no samples."
                : $"No sample of {sourcePath} can be used: all {Words.Count(result.LeftOutCount)} are left out, so no shard was made.");
        if (classes.Count > 0)
            await WriteAsync(LabelsName, System.Text.Encoding.UTF8.GetBytes(string.Join('\n', classes) + "\n"), cancellation);
        DataFile? before = await target.Files.FindAsync(_folder + InfoName, cancellation);
        await WriteAsync(InfoName, await ShardInfoFile.WithSplitAsync(target.Files, before, Split, made, classes, cancellation), cancellation);
        return result;

        void Note(SkippedSample sample)
        {
            if (skipped.Count < MostNamed)
                skipped.Add(sample);
        }
    }

    private static void Tell(List<SkippedSample> skipped, MadeShards result)
    {
        foreach (SkippedSample sample in skipped)
            Screen.Warn($"Left out {(sample.Shard.EndsWith("/" + sample.Key, StringComparison.Ordinal) ? sample.Shard : $"{sample.Shard} {sample.Key}")}: {sample.Reason}");
        if (result.LeftOutCount <= skipped.Count)
            return;
        Screen.Warn($"All {Words.Count(result.LeftOutCount, "sample")} that are left out, by reason:");
        foreach (LeftOut left in result.LeftOut)
            Screen.Warn($"{left}");
    }

    private static string Whole(string path) =>
        (path.StartsWith(BlobPath.Scheme, StringComparison.OrdinalIgnoreCase) ? path : Path.GetFullPath(path)).TrimEnd('/') + "/";

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

    // Splits in one folder have the same classes under the same numbers: those of --labels, else those of the splits that are there.
    private async Task<(IReadOnlyList<string> Classes, Func<long, long> LabelOf)> ClassesAsync(DataSet data, string sourcePath, CancellationToken cancellation)
    {
        ClassList? beside = await BesideAsync(cancellation), known = LabelsFile is { } file ? new ClassList($"--labels {file}", await Cli.LabelsFile.ReadAsync(file, cancellation)) : beside;
        if (known is null)
            return (Sound(data.Classes ?? [], sourcePath), label => label);
        if (beside is not null && !known.Names!.SequenceEqual(beside.Names!))
            throw new UserException($"The splits of one folder have the same classes under the same numbers. {known} {beside} Make this split in another folder, or make all of them anew with --labels.");
        IReadOnlyList<int>? map = ClassMatching.Match(new ClassList(sourcePath, data.Classes), known, allowsSubset: true).Indices;
        return (known.Names!, label => map is null || label < 0 ? label : label < map.Count ? map[(int)label]
            : throw new UserException($"A sample of {sourcePath} has the label {label}, and it names {Words.Count(map.Count, "class", "classes")}. Correct the source."));
    }

    private static IReadOnlyList<string> Sound(IReadOnlyList<string> classes, string sourcePath) =>
        ClassList.FaultOf(classes) is { } fault ? throw new UserException($"Among the classes of {sourcePath} {fault}.") : classes;

    private async Task<ClassList?> BesideAsync(CancellationToken cancellation)
    {
        if (await target.Files.FindAsync(_folder + InfoName, cancellation) is not { } info)
            return null;
        return await ShardInfoFile.OtherClassesAsync(target.Files, info, Split, cancellation) is (var split, var names) ? new ClassList($"the split {split} in {targetPath}", names) : null;
    }

    private Task<DataFile> WriteAsync(string name, byte[] content, CancellationToken cancellation) =>
        target.Files.WriteAsync(_folder + name, new MemoryStream(content), cancellation);
}
