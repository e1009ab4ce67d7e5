using System.CommandLine;
using HrNetBatch.Cli.Output;
using HrNetBatch.Cli.Stack;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Kinds.Models;
using Microsoft.Extensions.DependencyInjection;

namespace HrNetBatch.Cli.Commands;

/// <summary><c>hrnet models tag NAME@VERSION TAG</c> and <c>hrnet models untag NAME TAG</c></summary>
internal static class ModelsTagCommand
{
    public static Command CreateTag()
    {
        var reference = new Argument<string>("MODEL") { Description = "NAME@VERSION; NAME means its newest version, NAME@TAG what that tag points to." };
        var tag = new Argument<string>("TAG") { Description = "A name such as best or production, of this model alone." };
        var command = new Command("tag", "Point a tag to a version; jobs that have begun keep the version that they found.") { reference, tag };
        command.SetAction(async (parsed, interrupted) =>
        {
            ModelReference model = ModelsCommand.Parse(parsed.GetRequiredValue(reference));
            if (ModelName.TagFault(parsed.GetRequiredValue(tag)) is { } fault) throw new UserException($"{fault}.", UserException.WrongRequest);
            await using ServiceProvider services = StackServices.Open(parsed.GetValue(CommandLine.Stack));
            (ModelTag set, int? before) = await services.GetRequiredService<ModelTags>().SetAsync(model, parsed.GetRequiredValue(tag), interrupted);
            if (parsed.GetValue(CommandLine.Json)) Screen.WriteJson(new { model.Name, Tag = set.Name, set.Version, Before = before });
            else Screen.WriteLine($"{model.Name}@{set.Name} is version {set.Version}{(before is { } old && old != set.Version ? $"; it was {old}" : before is null ? "" : " already")}.");
            return 0;
        });
        return command;
    }

    public static Command CreateUntag()
    {
        var name = new Argument<string>("NAME") { Description = "The model." };
        var tag = new Argument<string>("TAG") { Description = "The tag." };
        var command = new Command("untag", "Delete a tag; the version that it points to stays.") { name, tag };
        command.SetAction(async (parsed, interrupted) =>
        {
            string model = ModelsCommand.Parse(parsed.GetRequiredValue(name)).Name;
            await using ServiceProvider services = StackServices.Open(parsed.GetValue(CommandLine.Stack));
            ModelTag deleted = await services.GetRequiredService<ModelTags>().DeleteAsync(model, parsed.GetRequiredValue(tag), interrupted);
            if (parsed.GetValue(CommandLine.Json)) Screen.WriteJson(new { Name = model, Untagged = deleted.Name, deleted.Version });
            else Screen.WriteLine($"Deleted the tag {deleted.Name}; it pointed to version {deleted.Version}.");
            return 0;
        });
        return command;
    }
}
