using System.CommandLine;
using System.Text.Json;
using HrNetBatch.Cli.Submission;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Kinds;
using HrNetBatch.Kinds.Export;
using HrNetBatch.Kinds.Train;
using HrNetBatch.Model.Export;

namespace HrNetBatch.Cli.Commands;

/// <summary>A command that submits a job of one kind, with jobs to follow it after <c>--then</c>.</summary>
internal static class SubmitKindCommand
{
    /// <summary>The commands of all kinds: <c>hrnet train</c>, <c>hrnet validate</c> and so on.</summary>
    public static IEnumerable<Command> CreateAll(IReadOnlyList<string[]> followers) =>
        KindTable.Default.All.Select(kind => kind.Name == ExportArguments.Kind ? ExportCommand.Create(followers) : Create(kind, followers));

    /// <summary>The command of one kind.</summary>
    public static Command Create(JobKind kind, IReadOnlyList<string[]> followers)
    {
        KindOptions options = OptionsOf(kind, null);
        var command = new Command(
            kind.Name,
            $"Submit a job that {kind.Purpose}. `--then KIND …` after the options names a job to follow it; such a job classifies with, validates or exports the checkpoint just made.");
        options.AddTo(command);
        var submission = new SubmissionOptions();
        submission.AddTo(command);
        command.SetAction((parsed, interrupted) => submission.SubmitAsync(Chain(options.ToRequest(parsed), followers), parsed, interrupted));
        return command;
    }

    // Of a train job more can be typed than its fields.
    private static KindOptions OptionsOf(JobKind kind, IReadOnlyDictionary<string, string>? defaults) =>
        kind.Name == TrainArguments.Kind ? new TrainOptions() : new KindOptions(kind, defaults);

    /// <summary>Each job follows the one before it.</summary>
    public static JobRequest Chain(JobRequest request, IEnumerable<string[]> followers)
    {
        var requests = new List<JobRequest> { request };
        foreach (string[] follower in followers) requests.Add(Placed(follower, requests[^1].Kind, requests.Count));
        return Enumerable.Reverse(requests).Aggregate((following, before) => before with { Then = [following] });
    }

    // Whatever is wrong with a follower, the place and the kind of it are told: several may have the same options.
    private static JobRequest Placed(string[] arguments, string before, int place)
    {
        try
        {
            return Follower(arguments, before);
        }
        catch (UserException fault)
        {
            string kind = Named(arguments.FirstOrDefault()) is { } named ? $", {named.Name}" : "";
            throw new UserException(string.Join('\n', fault.Message.Split('\n').Select(line => $"After {JobOptions.Then(place)}{kind}: {line}")), fault.ExitCode);
        }
    }

    private static JobRequest Follower(string[] arguments, string before) => Named(arguments.FirstOrDefault()) switch
    {
        { Name: var name } when name == ExportArguments.Kind => Export(arguments, before),
        { } kind => Parse(arguments, kind, OptionsOf(kind, CheckpointFrom(before))),
        null => throw new UserException(
            arguments is [] ? $"a job is missing: {Kinds} with its options." : $"{Kinds} with its options is needed, this is '{arguments[0]}'.", UserException.WrongRequest),
    };

    private static JobKind? Named(string? name) => KindTable.Default.All.FirstOrDefault(kind => kind.Name == name);

    // train, validate, classify or export
    private static string Kinds => string.Join(", ", KindTable.Default.All.SkipLast(1).Select(kind => kind.Name)) + $" or {KindTable.Default.All[^1].Name}";

    // A run can be exported only from the checkpoint that has its optimizer: the best weights are weights alone.
    private static JobRequest Export(string[] arguments, string before)
    {
        JobKind export = JobKind.Of<ExportArguments>();
        JobRequest request = Parse(arguments, export, new KindOptions(export, CheckpointFrom(before)));
        string? format = Text("format"), output = Text("output");
        bool isRun = format is null ? ExportFormats.Of(output ?? "") == ExportFormat.Training : format == "training";
        return isRun && before == TrainArguments.Kind
            ? Parse(arguments, export, new KindOptions(export, new Dictionary<string, string> { ["Checkpoint"] = "{{result.checkpoint}}" }))
            : request;

        string? Text(string field) => request.Arguments.TryGetProperty(field, out JsonElement value) ? value.GetString() : null;
    }

    // What a follower takes from the result of the job before it, unless it says otherwise.
    private static Dictionary<string, string>? CheckpointFrom(string before) =>
        Named(before)?.ResultCheckpoint is { } checkpoint ? new Dictionary<string, string> { ["Checkpoint"] = checkpoint } : null;

    private static JobRequest Parse(string[] arguments, JobKind kind, KindOptions options)
    {
        var root = new RootCommand { new Command(kind.Name) };
        options.AddTo(root.Subcommands[0]);
        ParseResult parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0)
            throw new UserException(string.Join('\n', CommandLineFaults.Of(parsed)), UserException.WrongRequest);
        return options.ToRequest(parsed);
    }
}
