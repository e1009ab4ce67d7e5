using System.CommandLine;
using HrNetBatch.Cli.Demo;
using HrNetBatch.Cli.Output;
using HrNetBatch.Cli.Stack;
using Microsoft.Extensions.DependencyInjection;

namespace HrNetBatch.Cli.Commands;

/// <summary><c>hrnet demo</c>: the first command of a newcomer.</summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        var exit = new Option<bool>("--exit") { Description = "Check the results, stop everything and end; exit code 0 only when all is well." };
        var command = new Command("demo", "Start everything, teach a small network nine kinds of emoji, classify a container with it, and show the results.") { exit };
        command.SetAction(async (parsed, interrupted) =>
        {
            var options = new StackOptions { Folder = StackFolder.ToRun(parsed.GetValue(CommandLine.Stack)) };
            return await RunAsync(options, parsed.GetValue(exit), parsed.GetValue(CommandLine.Json), interrupted);
        });
        return command;
    }

    private static async Task<int> RunAsync(StackOptions options, bool exits, bool json, CancellationToken interrupted)
    {
        TimeProvider time = TimeProvider.System;
        long start = time.GetTimestamp();
        Screen.Say($"Starting the stack in {options.Folder}");
        await using RunningStack stack = await RunningStack.StartAsync(options, new Remarks(), interrupted);
        if (!json) UpCommand.Show(stack.File);
        await using ServiceProvider services = StackServices.Create(stack.File.Configuration);
        DemoResult result = await new DemoRun(services, options.Folder, json, time).RunAsync(interrupted);
        Show(result, stack.File, time.GetElapsedTime(start), json);
        if (exits) return result.Faults.Count == 0 ? 0 : 1;
        Screen.Say($"Everything stays up: look at {stack.File.Dashboard}, try `hrnet status`. Ctrl-C stops it.");
        await UpCommand.UntilAsync(interrupted);
        return result.Faults.Count == 0 ? 0 : 1;
    }

    private static void Show(DemoResult result, StackFile stack, TimeSpan took, bool json)
    {
        if (json)
        {
            Screen.WriteJsonLine(new { Accuracy = result.ValidatedAccuracy, DemoRecipe.Baseline, result.ClassifiedAccuracy, Rows = result.RowCount, result.Faults, took.TotalSeconds, stack.Dashboard });
            return;
        }
        Screen.WriteLine($"Accuracy on {Words.Count(result.RowCount)} pictures by a vendor it never saw: {Words.Value(result.ValidatedAccuracy)} (nearest neighbour: {DemoRecipe.Baseline}), after {Words.Duration(took)}.");
        foreach (string fault in result.Faults.Take(10)) Screen.Error(fault);
        if (result.Faults.Count > 10) Screen.Error($"and {result.Faults.Count - 10} more.");
        if (stack.Dashboard is not null) Screen.WriteLine($"Curves and results: {stack.Dashboard}");
    }
}
