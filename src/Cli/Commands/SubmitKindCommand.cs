using System.CommandLine;
using System.Text.Json;
using HrNetBatch.Cli.Submission;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Kinds.Classify;
using HrNetBatch.Kinds.Export;
using HrNetBatch.Kinds.Train;
using HrNetBatch.Kinds.Validate;
using HrNetBatch.Model.Export;

namespace HrNetBatch.Cli.Commands;

/// <summary>A command that submits a job of one kind, with jobs to follow it after <c>--then</c>.</summary>
internal static class SubmitKindCommand
{
    // What a follower takes from the result of the job before it, unless it says otherwise.
    private static readonly Dictionary<string, string> CheckpointOf = new()
    {
        [TrainArguments.Kind] = "{{result.best}}",
        [ValidateArguments.Kind] = "{{result.checkpoint}}",   // the one it measured
        [ExportArguments.Kind] = "{{result.checkpoint}}",     // the one it exported
    };

    public static Command Create<TArguments>(string description, IReadOnlyList<string[]> followers, JobOptions<TArguments>? options = null)
        where TArguments : IJobArguments
    {
        options ??= new JobOptions<TArguments>();
        var command = new Command(
            TArguments.Kind,
            $"{description} `--then KIND …` after the options names a job to follow it; such a job classifies with, validates or exports the checkpoint just made.");
        options.AddTo(command);
        var submission = new SubmissionOptions();
        submission.AddTo(command);
        command.SetAction((parsed, interrupted) => submission.SubmitAsync(Chain(options.ToRequest(parsed), followers), parsed, interrupted));
        return command;
    }

    /// <summary>Each job follows the one before it.</summary>
    public static JobRequest Chain(JobRequest request, IEnumerable<string[]> followers)
    {
        var requests = new List<JobRequest> { request };
        foreach (string[] follower in followers) requests.Add(Follower(follower, requests[^1].Kind));
        return Enumerable.Reverse(requests).Aggregate((following, before) => before with { Then = [following] });
    }

    private static JobRequest Follower(string[] arguments, string before) => arguments switch
    {
        ["train", ..] => Parse(arguments, new TrainOptions()),
        ["validate", ..] => Parse(arguments, new JobOptions<ValidateArguments>(CheckpointFrom(before))),
        ["classify", ..] => Parse(arguments, new JobOptions<ClassifyArguments>(CheckpointFrom(before))),
        ["export", ..] => Export(arguments, before),
        _ => throw new UserException("After --then comes train, validate, classify or export with its options.", UserException.WrongRequest),
    };

    // A run can be exported only from the checkpoint that has its optimizer: the best weights are weights alone.
    private static JobRequest Export(string[] arguments, string before)
    {
        JobRequest request = Parse(arguments, new JobOptions<ExportArguments>(CheckpointFrom(before)));
        string? format = Text("format"), output = Text("output");
        bool isRun = format is null ? ExportFormats.Of(output ?? "") == ExportFormat.Training : format == "training";
        return isRun && before == TrainArguments.Kind
            ? Parse(arguments, new JobOptions<ExportArguments>(new Dictionary<string, string> { ["Checkpoint"] = "{{result.checkpoint}}" }))
            : request;

        string? Text(string field) => request.Arguments.TryGetProperty(field, out JsonElement value) ? value.GetString() : null;
    }

    private static Dictionary<string, string>? CheckpointFrom(string before) =>
        CheckpointOf.TryGetValue(before, out string? checkpoint) ? new Dictionary<string, string> { ["Checkpoint"] = checkpoint } : null;

    private static JobRequest Parse<TArguments>(string[] arguments, JobOptions<TArguments> options)
        where TArguments : IJobArguments
    {
        var root = new RootCommand { new Command(TArguments.Kind) };
        options.AddTo(root.Subcommands[0]);
        ParseResult parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0)
            throw new UserException($"After --then {TArguments.Kind}: {string.Join(' ', parsed.Errors.Select(error => error.Message))}", UserException.WrongRequest);
        return options.ToRequest(parsed);
    }
}

/// <summary><c>hrnet train</c></summary>
internal static class TrainCommand
{
    public static Command Create(IReadOnlyList<string[]> followers) =>
        SubmitKindCommand.Create<TrainArguments>("Submit a job that trains a network on tar shards.", followers, new TrainOptions());
}

/// <summary><c>hrnet validate</c></summary>
internal static class ValidateCommand
{
    public static Command Create(IReadOnlyList<string[]> followers) =>
        SubmitKindCommand.Create<ValidateArguments>("Submit a job that measures a checkpoint on tar shards.", followers);
}

/// <summary><c>hrnet classify</c></summary>
internal static class ClassifyCommand
{
    public static Command Create(IReadOnlyList<string[]> followers) =>
        SubmitKindCommand.Create<ClassifyArguments>("Submit a job that classifies every image under a prefix.", followers);
}
