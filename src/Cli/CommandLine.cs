using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using HrNetBatch.Cli.Commands;
using HrNetBatch.Cli.Output;
using HrNetBatch.Cli.Submission;
using HrNetBatch.Kinds;

namespace HrNetBatch.Cli;

/// <summary>The program <c>hrnet</c>: its commands, its signals and its exit codes.</summary>
public static class CommandLine
{
    /// <summary>Every command's <c>--json</c>.</summary>
    internal static Option<bool> Json { get; } = new("--json")
    {
        Description = "Write one JSON document (or one a line) to standard output instead of text for people.",
        Recursive = true,
    };

    /// <summary>Every command's <c>--stack</c>.</summary>
    internal static Option<string?> Stack { get; } = new("--stack")
    {
        Description = "The local stack's folder. Default: $HRNET_STACK, else .hrnet here or in a folder above.",
        HelpName = "DIR",
        Recursive = true,
    };

    /// <summary>Runs one command line.</summary>
    /// <returns>0 done; 1 failed; 2 the command line or the request is wrong; 130 interrupted.</returns>
    public static async Task<int> RunAsync(string[] arguments)
    {
        using var signals = new StopSignals(TimeProvider.System);
        (string[] own, IReadOnlyList<string[]> followers) = FollowerArguments.Split(arguments);
        // An argument that begins with @ is what it says (`--cron @daily`), not a file of further arguments.
        ParseResult parsed = Build(followers).Parse(own, new ParserConfiguration { ResponseFileTokenReplacer = null });
        try
        {
            if (followers.Count > 0 && !KindTable.Default.All.Any(kind => kind.Name == parsed.CommandResult.Command.Name))
                throw new UserException($"--then follows a command that submits a job: {KindTable.Default.Names}.", UserException.WrongRequest);
            if (parsed.CommandResult.Children.OfType<ArgumentResult>().FirstOrDefault(argument => argument.Tokens.Any(token => token.Value.Length == 0)) is { } empty)
                throw new UserException($"{empty.Argument.Name} is empty.", UserException.WrongRequest);
            // No time limit of the library's: `up` and `demo` stop what they started first.
            var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
            if (parsed.Action is not ParseErrorAction) return await parsed.InvokeAsync(configuration, signals.Token);
            foreach (string fault in CommandLineFaults.Of(parsed)) Screen.Error(fault);
            Screen.Say($"`hrnet {CommandLineFaults.NameOf(parsed.CommandResult)}--help` says what belongs there.");
            return UserException.WrongRequest;
        }
        catch (OperationCanceledException) when (signals.Token.IsCancellationRequested)
        {
            return 130;
        }
        catch (Exception exception)
        {
            (string message, int exitCode) = Explanation.Of(exception);
            Screen.Error(message);
            return exitCode;
        }
    }

    /// <summary>The tree of commands.</summary>
    /// <param name="followers">What stood after each <c>--then</c>, for the commands that submit a job.</param>
    internal static RootCommand Build(IReadOnlyList<string[]> followers)
    {
        var root = new RootCommand("HRNet image classification in batches: train, validate and classify blobs with workers that survive being killed.")
        {
            Json,
            Stack,
        };
        Command[] commands =
        [
            DemoCommand.Create(),
            UpCommand.Create(),
            UploadCommand.Create(),
            .. SubmitKindCommand.CreateAll(followers),
            SubmitCommand.Create(),
            SchemaCommand.Create(),
            StatusCommand.Create(),
            WatchCommand.Create(),
            ResultsCommand.Create(),
            VerifyCommand.Create(),
            RunsCommand.Create(),
            CancelCommand.Create(),
            RetryCommand.Create(),
            ScheduleCommand.Create(),
            DeadLettersCommand.Create(),
            ModelsCommand.Create(),
            PredictCommand.Create(),
            InspectCommand.Create(),
            DataSetCommand.Create(),
        ];
        foreach (Command command in commands) root.Add(command);
        root.SetAction(_ => root.Parse("--help").Invoke());
        return root;
    }
}
