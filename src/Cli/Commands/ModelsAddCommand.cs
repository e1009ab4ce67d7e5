using System.CommandLine;
using HrNetBatch.Cli.Output;
using HrNetBatch.Cli.Stack;
using HrNetBatch.Cli.Transfer;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Kinds.Models;
using HrNetBatch.Model.Labels;
using Microsoft.Extensions.DependencyInjection;

namespace HrNetBatch.Cli.Commands;

/// <summary><c>hrnet models add NAME SOURCE</c></summary>
internal static class ModelsAddCommand
{
    public static Command Create()
    {
        var name = new Argument<string>("NAME") { Description = "The model, new or not: lower-case letters, digits, '-', '_' and '.'." };
        var source = new Argument<string>("SOURCE") { Description = "The checkpoint: a file here, or blob://ALIAS/container/name." };
        var labels = new Option<string?>("--labels")
        {
            Description = $"Names of the classes in the order of their indices: a text file with one a line, A,B,…, or {ImageNetLabels.Name}. "
                + $"Default: those in the checkpoint, or {ImageNetLabels.Name} for one of others with 1,000 classes.",
            HelpName = "FILE|A,B,…",
        };
        var imageSize = new Option<int?>("--image-size") { Description = "Side of the square input, pixels, a multiple of 32. Default: the checkpoint's, else 224.", HelpName = "N" };
        var tag = new Option<string?>("--tag") { Description = "A tag to point to the new version.", HelpName = "TAG" };
        var remark = new Option<string?>("--remark") { Description = "What to remember of it.", HelpName = "TEXT" };
        var command = new Command("add", "Add a checkpoint as the next version of a model.") { name, source, labels, imageSize, tag, remark };
        command.SetAction(async (parsed, interrupted) =>
        {
            string text = parsed.GetRequiredValue(source);
            var model = new NewModel
            {
                Name = parsed.GetRequiredValue(name),
                Source = text.StartsWith(BlobPath.Scheme, StringComparison.OrdinalIgnoreCase) ? text : Path.GetFullPath(text),
                Labels = parsed.GetValue(labels) is { } given ? await LabelsAsync(given, interrupted) : null,
                ImageSize = parsed.GetValue(imageSize),
                Remark = parsed.GetValue(remark),
            };
            string? newTag = parsed.GetValue(tag);
            if ((ModelName.Fault(model.Name) ?? (newTag is null ? null : ModelName.TagFault(newTag))) is { } fault) throw new UserException($"{fault}.", UserException.WrongRequest);

            await using ServiceProvider services = StackServices.Open(parsed.GetValue(CommandLine.Stack));
            ModelVersion version = await AddAsync(services, model, interrupted);
            if (newTag is not null) await services.GetRequiredService<ModelTags>().SetAsync(version.ToReference(), newTag, interrupted);
            await services.GetRequiredService<ModelRemoval>().SweepAsync(version.Name, interrupted);
            Show(services, version, newTag, parsed.GetValue(CommandLine.Json));
            return 0;
        });
        return command;
    }

    private static async Task<ModelVersion> AddAsync(IServiceProvider services, NewModel model, CancellationToken cancellation)
    {
        await using Stream weights = await OpenAsync(services, model.Source, cancellation);
        Screen.Say($"Reading and storing {model.Source} ({Words.Bytes(weights.Length)})");
        return await services.GetRequiredService<ModelAddition>().AddAsync(model, weights, cancellation: cancellation);
    }

    private static async Task<Stream> OpenAsync(IServiceProvider services, string source, CancellationToken cancellation)
    {
        if (source.StartsWith(BlobPath.Scheme, StringComparison.OrdinalIgnoreCase))
            return await services.GetRequiredService<BlobStore>().DownloadToTemporaryFileAsync(UploadCommand.ParsePath(source), cancellation: cancellation);
        return SteadyFile.Of(LocalFile.Open(source, "The checkpoint"));
    }

    private static async Task<IReadOnlyList<string>> LabelsAsync(string given, CancellationToken cancellation)
    {
        if (given == ImageNetLabels.Name) return ImageNetLabels.All;
        string[] labels = Path.Exists(given) ? await LabelsFile.ReadAsync(given, cancellation)
            : LabelsFile.Checked(given.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries), given);
        return labels.Length > 1 ? labels
            : throw new UserException($"--labels: '{given}' is no file, no list of two or more names, and not {ImageNetLabels.Name}.", UserException.WrongRequest);
    }

    private static void Show(IServiceProvider services, ModelVersion version, string? tag, bool json)
    {
        ModelTag[] tags = tag is null ? [] : [new ModelTag(tag, version.Version, version.CreatedAt)];
        if (json)
        {
            Screen.WriteJson(ModelsCommand.Document(services.GetRequiredService<ModelStore>(), version with { Labels = null }, tags));
            return;
        }
        Screen.WriteLine($"Added {version.ToReference()}: {version.Variant}, {Words.Count(version.ClassCount, "class", "classes")}"
            + $"{(version.Labels is null ? " without names" : "")}, images of {version.ImageSize}×{version.ImageSize}{(tag is null ? "" : $", tagged {tag}")}.");
        Screen.Say($"Next: `hrnet classify --checkpoint {version.ToReference()} …`.");
    }
}
