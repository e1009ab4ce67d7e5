using System.Globalization;
using HrNetBatch.Cli.Output;
using HrNetBatch.Model.Data;
using Spectre.Console;

namespace HrNetBatch.Cli.DataSets;

/// <summary>What a data set is.</summary>
internal sealed record DataSetReport
{
    private const int MostListed = 20;

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

    /// <summary>The report on a data set.</summary>
    /// <param name="data">It.</param>
    /// <param name="readsAll">Whether every sample is read and decoded.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<DataSetReport> OfAsync(DataSet data, bool readsAll, CancellationToken cancellation)
    {
        var report = new DataSetReport { Layout = data.Layout, ShardCount = data.Shards.Count, Classes = data.Classes };
        if (!readsAll)
        {
            await data.PrepareAsync(cancellation);
            return report with { SampleCount = data.SampleCount };
        }
        var check = new DataSetCheck(data);
        await check.RunAsync(cancellation);
        return report with { SampleCount = check.SampleCount, LabelCounts = check.LabelCounts, BrokenCount = check.Broken.Count, Broken = [.. check.Broken.Take(MostListed)] };
    }

    /// <summary>Shows it to people.</summary>
    public void Show()
    {
        Screen.WriteLine($"{Name(Layout)}, {Words.Count(ShardCount)} {(Layout is DataLayout.ImageFolder or DataLayout.Ilsvrc ? "images" : "shards")}, "
            + (SampleCount is { } count ? $"{Words.Count(count)} samples" : "samples not counted: --all counts them, `hrnet dataset index` does once for all"));
        if (Classes is { } classes)
            Screen.WriteLine($"{Words.Count(classes.Count)} classes: {string.Join(", ", classes.Take(MostListed))}{(classes.Count > MostListed ? ", …" : "")}");
        if (LabelCounts is { } labels)
        {
            var table = new Table().Border(TableBorder.Simple).AddColumns("label", "class", "samples");
            foreach ((long label, long samples) in labels.OrderBy(pair => pair.Key).Take(1000))
                table.AddRow(Screen.Cell(label < 0 ? "none" : label.ToString(CultureInfo.InvariantCulture)), Screen.Cell(label >= 0 && label < Classes?.Count ? Classes[(int)label] : ""), Screen.Cell(Words.Count(samples)));
            Screen.Out.Write(table);
        }
        if (BrokenCount is not { } broken)
            return;
        Screen.WriteLine(broken == 0 ? "Every image can be decoded." : $"{Words.Count(broken)} samples are broken:");
        foreach (SkippedSample sample in Broken ?? [])
            Screen.WriteLine($"  {sample.Shard} {sample.Key}: {sample.Reason}");
    }

    private static string Name(DataLayout layout) => layout switch
    {
        DataLayout.WebDataset => "WebDataset tars",
        DataLayout.ImageFolder => "a folder for each class",
        DataLayout.Ilsvrc => "tars of ILSVRC",
        _ => "MDS shards",
    };
}
