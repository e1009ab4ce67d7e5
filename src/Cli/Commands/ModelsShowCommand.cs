using System.CommandLine;
using HrNetBatch.Cli.Output;
using HrNetBatch.Cli.Stack;
using HrNetBatch.Kinds.Models;
using Microsoft.Extensions.DependencyInjection;
using Spectre.Console;

namespace HrNetBatch.Cli.Commands;

/// <summary><c>hrnet models show NAME[@VERSION|@TAG]</c></summary>
internal static class ModelsShowCommand
{
    private const int LabelsShown = 8;

    public static Command Create()
    {
        var reference = new Argument<string>("MODEL") { Description = "NAME, NAME@VERSION or NAME@TAG." };
        var command = new Command("show", "Show one version with all that is known of it; with --json its labels too.") { reference };
        command.SetAction(async (parsed, interrupted) =>
        {
            await using ServiceProvider services = StackServices.Open(parsed.GetValue(CommandLine.Stack));
            var store = services.GetRequiredService<ModelStore>();
            ModelVersion version = await store.ResolveAsync(ModelsCommand.Parse(parsed.GetRequiredValue(reference)), interrupted);
            IReadOnlyList<ModelTag> tags = await store.ListTagsAsync(version.Name, interrupted);
            if (parsed.GetValue(CommandLine.Json)) Screen.WriteJson(ModelsCommand.Document(store, version, tags));
            else Show(store, version, tags);
            return 0;
        });
        return command;
    }

    private static void Show(ModelStore store, ModelVersion version, IReadOnlyList<ModelTag> tags)
    {
        Screen.WriteLine($"{version.ToReference()}");
        var table = new Table().Border(TableBorder.None).HideHeaders().AddColumns("", "");
        void Row(string name, string? value)
        {
            if (value is { Length: > 0 }) table.AddRow(new Text(name, new Style(decoration: Decoration.Bold)), Screen.Cell(value));
        }
        Row("tags", string.Join(", ", ModelsCommand.TagsOf(version, tags)));
        Row("network", $"{version.Variant}, {Words.Count(version.ClassCount, "class", "classes")}, images of {version.ImageSize}×{version.ImageSize}");
        Row("architecture", version.Architecture?.ToString());
        Row("labels", Labels(version));
        Row("preprocessing", $"{version.Preprocessing.Interpolation}, centre crop {Words.Value(version.Preprocessing.CropFraction)}, "
            + $"mean {Numbers(version.Preprocessing.Mean)}, deviation {Numbers(version.Preprocessing.Deviation)}");
        Row("measured", ModelsCommand.Metrics(version));
        Row("weights", $"{store.WeightsOf(version)} ({Words.Bytes(version.Bytes)})");
        Row("sha256", version.Sha256);
        Row("from", version.Source);
        Row("job", version.Job?.ToString());
        Row("added", ModelsCommand.Time(version.CreatedAt));
        Row("remark", version.Remark);
        Screen.Out.Write(new Padder(table, new Padding(2, 0, 0, 0)));
    }

    private static string Labels(ModelVersion version) =>
        version.Labels is not { } labels ? "none: results name classes by their index"
        : labels.Count <= LabelsShown ? string.Join(", ", labels)
        : $"{string.Join(", ", labels.Take(LabelsShown))}, … (--json has all)";

    private static string Numbers(IEnumerable<double> numbers) => string.Join('/', numbers.Select(Words.Value));
}
