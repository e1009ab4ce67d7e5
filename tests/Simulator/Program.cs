using System.CommandLine;
using HrNetBatch.Simulator;

// The command line of the simulator: many histories, or one again.
var count = new Option<int>("--count") { Description = "How many histories.", DefaultValueFactory = _ => 100_000 };
var first = new Option<int>("--first") { Description = "The first seed; the others follow.", DefaultValueFactory = _ => 1 };
var parallel = new Option<int>("--parallel") { Description = "How many histories at once, each in a database of its own.", DefaultValueFactory = _ => Math.Max(1, Environment.ProcessorCount) };
var seed = new Argument<int>("seed") { Description = "The seed to live through again." };

var root = new RootCommand("Lives through random histories of the ledger on a real PostgreSQL, and checks after each step that what it promises holds.") { count, first, parallel };
root.SetAction(async (parsed, _) =>
{
    Tally tally = await Runner.RunAsync(parsed.GetValue(first), parsed.GetValue(count), parsed.GetValue(parallel), Console.WriteLine);
    Console.WriteLine(tally);
    return tally.Broken.Count == 0 ? 0 : 1;
});
var replay = new Command("replay", "Lives through one history again and prints it, step by step.") { seed };
replay.SetAction(async (parsed, _) =>
{
    Verdict verdict = await Runner.ReplayAsync(parsed.GetValue(seed));
    Console.WriteLine(verdict);
    return verdict.Violation is null ? 0 : 1;
});
root.Subcommands.Add(replay);
var twice = new Command("twice", "Lives through each of many histories twice and compares them, line by line.") { count, first };
twice.SetAction(async (parsed, _) =>
{
    string? difference = await Runner.CompareAsync(parsed.GetValue(first), parsed.GetValue(count));
    Console.WriteLine(difference ?? "Every history was the same the second time.");
    return difference is null ? 0 : 1;
});
root.Subcommands.Add(twice);
return await root.Parse(args).InvokeAsync();
