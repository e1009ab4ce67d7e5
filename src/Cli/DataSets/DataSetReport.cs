using System.Globalization;
using HrNetBatch.Cli.Output;
using HrNetBatch.Model.Data;
using Spectre.Console;

namespace HrNetBatch.Cli.DataSets;

/// <summary>What a data set is.</summary>
internal sealed record DataSetReport
{
    /// <summary>How many of anything are named.</summary>
    internal const int MostListed = 20;

    /// <summary>How it lies.</summary>
    public required DataLayout Layout { get; init; }

    /// <summary>Files with samples.</summary>
    public required int ShardCount { get; init; }

    /// <summary>Samples; null while nobody counted them.</summary>
    public long? SampleCount { get; init; }

    /// <summary>Names of the classes, where the data say.</summary>
    public IReadOnlyList<string>? Classes { get; init; }

    /// <summary>Samples of each label, -1 for none; null where they were not read.</summary>
    public IReadOnlyDictionary<long, long>? LabelCounts { get; init; }

    /// <summary>Samples that cannot be used; null where they were not read.</summary>
    public long? BrokenCount { get; init; }

    /// <summary>The first of them.</summary>
    public IReadOnlyList<SkippedSample>? Broken { get; init; }

    /// <summary>Samples without a label that can be used otherwise; null where they were not read.</summary>
    public long? UnlabelledCount { get; init; }

    /// <summary>The first of them, and why they have none.</summary>
    public IReadOnlyList<SkippedSample>? Unlabelled { get; init; }

    /// <summary>Files that were found and are not read, by reason.</summary>
    public IReadOnlyList<LeftOut> LeftOut { get; init; } = [];

    /// <summary>What a job that needs labels would refuse, apart from the broken samples.</summary>
    public IReadOnlyList<string> Faults { get; init; } = [];

    /// <summary>The report on a data set.</summary>
    /// <param name="data">It.</param>
    /// <param name="readsAll">Whether every sample is read and decoded.</param>
    /// <param name="needsLabels">Whether a sample without a label is a fault.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<DataSetReport> OfAsync(DataSet data, bool readsAll, bool needsLabels, CancellationToken cancellation)
    {
        var report = new DataSetReport { Layout = data.Layout, ShardCount = data.Shards.Count, Classes = data.Classes };
        if (!readsAll)
        {
            await data.PrepareAsync(cancellation);
            long? count = data.SampleCount ?? (await data.HasSampleAsync(cancellation) ? null : 0);
            return report with { SampleCount = count, LeftOut = data.LeftOut, Faults = [.. FaultsOf(count)] };
        }
        var check = new DataSetCheck(data);
        await check.RunAsync(cancellation);
        return report with
        {
            SampleCount = check.SampleCount,
            LabelCounts = check.LabelCounts,
            BrokenCount = check.Broken.Count,
            Broken = [.. check.Broken.Take(MostListed)],
            UnlabelledCount = check.UnlabelledCount,
            Unlabelled = needsLabels ? check.Unlabelled : [],
            LeftOut = data.LeftOut,
            Faults = [.. FaultsOf(check.SampleCount), .. needsLabels ? LabelFaults(check, data.Classes?.Count) : []],
        };
    }

    private static IEnumerable<string> FaultsOf(long? sampleCount)
    {
        if (sampleCount == 0)
            yield return "There is no sample in it: a job that reads it fails.";
    }

    private static IEnumerable<string> LabelFaults(DataSetCheck check, int? classCount)
    {
        if (check.UnlabelledCount is > 0 and var count)
            yield return $"{Words.Count(count)} of {Words.Count(check.SampleCount, "sample")} {(count == 1 ? "has" : "have")} no label: train and validate jobs leave {(count == 1 ? "it" : "them")} out as broken. "
                + "For distillation none is needed: --unlabelled.";
        if (classCount is { } classes && check.LabelCounts.Where(pair => pair.Key >= classes).ToArray() is { Length: > 0 } beyond)
            yield return $"{Words.Count(beyond.Sum(pair => pair.Value), "sample has", "samples have")} a label such as {beyond[0].Key}, and the data name {Words.Count(classes, "class", "classes")}, from 0 on: a job refuses them. "
                + "Correct the labels, or name all classes.";
    }

    /// <summary>Shows it to people.</summary>
    public void Show()
    {
        Screen.WriteLine($"{Name(Layout)}, {Words.Count(ShardCount, Layout is DataLayout.ImageFolder or DataLayout.Ilsvrc ? "image" : "shard")}, "
            + (SampleCount is { } count ? Words.Count(count, "sample") : "samples not counted: --all counts them, `hrnet dataset index` does once for all"));
        if (Classes is { } classes)
            Screen.WriteLine($"{Words.Count(classes.Count, "class", "classes")}: {string.Join(", ", classes.Take(MostListed))}{(classes.Count > MostListed ? ", …" : "")}");
        foreach (LeftOut left in LeftOut)
            Screen.WriteLine($"{left}");
        if (LabelCounts is { } labels)
        {
            var table = new Table().Border(TableBorder.Simple).AddColumns("label", "class", "samples");
            foreach ((long label, long samples) in labels.OrderBy(pair => pair.Key).Take(1000))
                table.AddRow(Screen.Cell(label < 0 ? "none" : label.ToString(CultureInfo.InvariantCulture)), Screen.Cell(label >= 0 && label < Classes?.Count ? Classes[(int)label] : ""), Screen.Cell(Words.Count(samples)));
            Screen.Out.Write(table);
        }
        foreach (string fault in Faults)
            Screen.WriteLine(fault);
        Show(Unlabelled, UnlabelledCount);
        if (BrokenCount is not { } broken)
            return;
        Screen.WriteLine(broken == 0 ? SampleCount > 0 ? "Every image can be decoded." : "Nothing was decoded." : $"{Words.Count(broken, "sample is", "samples are")} broken:");
        Show(Broken, broken);
    }

    // An image that is a file of its own is named by it alone.
    private static void Show(IReadOnlyList<SkippedSample>? first, long? count)
    {
        foreach (SkippedSample sample in first ?? [])
            Screen.WriteLine($"  {(sample.Shard.EndsWith("/" + sample.Key, StringComparison.Ordinal) ? sample.Shard : $"{sample.Shard} {sample.Key}")}: {sample.Reason}");
        if (first is { Count: > 0 } && count > first.Count)
            Screen.WriteLine($"  and {Words.Count(count.Value - first.Count)} more");
    }

    private static string Name(DataLayout layout) => layout switch
    {
        DataLayout.WebDataset => "WebDataset tars",
        DataLayout.ImageFolder => "a folder for each class",
        DataLayout.Ilsvrc => "tars of ILSVRC",
        _ => "MDS shards",
    };
}
