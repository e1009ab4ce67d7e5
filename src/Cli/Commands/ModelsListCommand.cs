using System.CommandLine;
using System.Globalization;
using HrNetBatch.Cli.Output;
using HrNetBatch.Cli.Stack;
using HrNetBatch.Kinds.Models;
using Microsoft.Extensions.DependencyInjection;
using Spectre.Console;

namespace HrNetBatch.Cli.Commands;

/// <summary><c>hrnet models list [NAME]</c></summary>
internal static class ModelsListCommand
{
    public static Command Create()
    {
        var name = new Argument<string?>("NAME") { Description = "A model, to list its versions. Without it: every model with its newest version.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("list", "List the models, or the versions of one.") { name };
        command.SetAction(async (parsed, interrupted) =>
        {
            await using ServiceProvider services = StackServices.Open(parsed.GetValue(CommandLine.Stack));
            var store = services.GetRequiredService<ModelStore>();
            bool json = parsed.GetValue(CommandLine.Json);
            if (parsed.GetValue(name) is { } text) await VersionsAsync(store, ModelsCommand.Parse(text).Name, json, interrupted);
            else await AllAsync(store, json, interrupted);
            return 0;
        });
        return command;
    }

    private static async Task AllAsync(ModelStore store, bool json, CancellationToken cancellation)
    {
        IReadOnlyList<ModelSummary> models = await store.ListAsync(cancellation);
        if (json)
        {
            Screen.WriteJson(models.Select(model => new
            {
                model.Name,
                model.VersionCount,
                model.Tags,
                Newest = model.Newest is { } newest ? ModelsCommand.Document(store, WithoutLabels(newest), model.Tags) : null,
                Unreadable = Documents(model.Unreadable),
            }));
            return;
        }
        if (models.Count == 0)
        {
            Screen.WriteLine("There are no models yet. `hrnet models add NAME FILE` adds one, and `hrnet train … --save-as NAME` makes one.");
            return;
        }
        var table = new Table().Border(TableBorder.Simple).AddColumns("model", "newest", "versions", "tags", "network", "classes", "size", "measured", "added");
        foreach (ModelSummary model in models)
        {
            string tags = string.Join(", ", model.Tags.Select(tag => string.Create(CultureInfo.InvariantCulture, $"{tag.Name}={tag.Version}")));
            table.AddRow(Cells([model.Name, model.Newest is { } newest ? $"{newest.Version}" : "unreadable", Words.Count(model.VersionCount), tags,
                .. model.Newest is { } known ? Facts(known) : ["", "", "", "", ""]]));
        }
        Screen.Out.Write(table);
        Warn(models.SelectMany(model => model.Unreadable));
    }

    private static async Task VersionsAsync(ModelStore store, string name, bool json, CancellationToken cancellation)
    {
        (IReadOnlyList<ModelVersion> versions, IReadOnlyList<ModelTag> tags, IReadOnlyList<UnreadableBlob> unreadable) = await store.LookAsync(name, cancellation);
        if (versions.Count + unreadable.Count == 0) await store.ResolveAsync(new ModelReference(name), cancellation);   // says what there is where this is not
        if (json)
        {
            Screen.WriteJson(versions.Select(version => ModelsCommand.Document(store, WithoutLabels(version), tags)).Concat(Documents(unreadable)));
            return;
        }
        var table = new Table().Border(TableBorder.Simple).AddColumns("version", "tags", "network", "classes", "size", "measured", "added", "remark");
        foreach (ModelVersion version in versions)
        {
            table.AddRow(Cells([$"{version.Version}", string.Join(", ", ModelsCommand.TagsOf(version, tags)), .. Facts(version), version.Remark ?? ""]));
        }
        Screen.Out.Write(table);
        Warn(unreadable);
    }

    private static IEnumerable<object> Documents(IEnumerable<UnreadableBlob> unreadable) =>
        unreadable.Select(blob => new { Path = $"{blob.Path}", Unreadable = blob.Why });

    private static void Warn(IEnumerable<UnreadableBlob> unreadable)
    {
        foreach (UnreadableBlob blob in unreadable) Screen.Warn($"unreadable: {blob.Why}");
    }

    private static string[] Facts(ModelVersion version) =>
        [version.Variant, Words.Count(version.ClassCount), $"{version.ImageSize}", ModelsCommand.Metrics(version), ModelsCommand.Time(version.CreatedAt)];

    private static Text[] Cells(string[] texts) => [.. texts.Select(Screen.Cell)];

    // A thousand names a line help nobody; `show` has them.
    private static ModelVersion WithoutLabels(ModelVersion version) => version with { Labels = null };
}
