using System.CommandLine;
using HrNetBatch.Cli.Output;
using HrNetBatch.Cli.Stack;
using HrNetBatch.Kinds.Models;
using Microsoft.Extensions.DependencyInjection;

namespace HrNetBatch.Cli.Commands;

/// <summary><c>hrnet models remove NAME@VERSION…</c></summary>
internal static class ModelsRemoveCommand
{
    public static Command Create()
    {
        var references = new Argument<string[]>("NAME@VERSION") { Description = "The versions to remove.", Arity = ArgumentArity.OneOrMore };
        var force = new Option<bool>("--force") { Description = "Also where tags point to it (they are deleted) or unfinished jobs use it (they will fail)." };
        var command = new Command("remove", "Remove versions for good: their weights are deleted, and their numbers never used again.") { references, force };
        command.SetAction(async (parsed, interrupted) =>
        {
            (string Name, int Version)[] versions = [.. parsed.GetRequiredValue(references).Select(ModelsCommand.ParseVersion)];
            await using ServiceProvider services = StackServices.Open(parsed.GetValue(CommandLine.Stack));
            var removal = services.GetRequiredService<ModelRemoval>();
            bool json = parsed.GetValue(CommandLine.Json);
            foreach ((string name, int version) in versions)
            {
                await removal.RemoveAsync(name, version, parsed.GetValue(force), interrupted);
                if (json) Screen.WriteJsonLine(new { Name = name, Removed = version });
                else Screen.WriteLine($"Removed {name}@{version}.");
            }
            foreach (string name in versions.Select(version => version.Name).Distinct()) await removal.SweepAsync(name, interrupted);
            return 0;
        });
        return command;
    }
}
