using System.CommandLine;
using HrNetBatch.Jobs.Contracts;

namespace HrNetBatch.Cli.Submission;

/// <summary>How a job is handed over, and whether to stay with it: the options that all commands which submit a job have.</summary>
internal sealed class SubmissionOptions
{
    /// <summary>The option that says how; about the whole command line, wherever it stands.</summary>
    public const string Via = "--via";

    private const string Ledger = "ledger";
    private const string ServiceBus = "servicebus";

    private readonly Option<bool> _wait = new("--wait")
    {
        Description = "Watch the job and its followers to their end; the exit code says whether all succeeded.",
    };

    private readonly Option<string> _via = new(Via)
    {
        Description = "How the job gets to the workers: written into the ledger, or sent to Service Bus as a message, as other programs do.",
        DefaultValueFactory = _ => Ledger,
        HelpName = $"{Ledger}|{ServiceBus}",
    };

    public SubmissionOptions() => _via.AcceptOnlyFromAmong(Ledger, ServiceBus);

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(_wait);
        command.Options.Add(_via);
    }

    /// <summary>Submits as asked.</summary>
    /// <returns>The exit code.</returns>
    public Task<int> SubmitAsync(JobRequest request, ParseResult parsed, CancellationToken cancellation)
    {
        (string? data, bool json, bool wait) = (parsed.GetValue(CommandLine.Stack), parsed.GetValue(CommandLine.Json), parsed.GetValue(_wait));
        return parsed.GetValue(_via) == ServiceBus
            ? JobSending.RunAsync(request, data, json, wait, cancellation)
            : JobSubmission.RunAsync(request, data, json, wait, cancellation);
    }
}
