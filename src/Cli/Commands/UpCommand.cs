using System.CommandLine;
using System.Text.RegularExpressions;
using HrNetBatch.Cli.Output;
using HrNetBatch.Cli.Stack;
using Npgsql;
using Spectre.Console;

namespace HrNetBatch.Cli.Commands;

/// <summary><c>hrnet up</c>: runs the local stack until it is interrupted.</summary>
internal static partial class UpCommand
{
    public static Command Create()
    {
        var noWorker = new Option<bool>("--no-worker") { Description = "Start no worker: jobs wait until one runs elsewhere." };
        var noDashboard = new Option<bool>("--no-dashboard") { Description = "Start no dashboard." };
        var noServiceBus = new Option<bool>("--no-servicebus") { Description = "Start no Service Bus: jobs come from the command line alone." };
        var postgres = new Option<string?>("--postgres-bin") { Description = "PostgreSQL's bin folder. Default: an installed one, else npm's.", HelpName = "DIR" };
        var command = new Command("up", "Start PostgreSQL, Azurite, a Service Bus, a worker and the dashboard here, and stop them all on Ctrl-C.") { noWorker, noDashboard, noServiceBus, postgres };
        command.SetAction(async (parsed, interrupted) =>
        {
            var options = new StackOptions
            {
                Folder = StackFolder.ToRun(parsed.GetValue(CommandLine.Stack)),
                HasWorker = !parsed.GetValue(noWorker),
                HasDashboard = !parsed.GetValue(noDashboard),
                HasServiceBus = !parsed.GetValue(noServiceBus),
                PostgresBinaries = parsed.GetValue(postgres),
            };
            return await RunAsync(options, parsed.GetValue(CommandLine.Json), interrupted);
        });
        return command;
    }

    private static async Task<int> RunAsync(StackOptions options, bool json, CancellationToken interrupted)
    {
        var report = new Remarks();
        Screen.Say($"Starting the stack in {options.Folder}");
        await using (RunningStack stack = await RunningStack.StartAsync(options, report, interrupted))
        {
            if (json) Screen.WriteJson(stack.File);
            else Show(stack.File);
            await UntilAsync(interrupted);
            Screen.Say("Stopping: the worker hands back what it is doing");
        }
        Screen.Say("Stopped.");
        return 0;
    }

    /// <summary>Where everything is, for people.</summary>
    public static void Show(StackFile file)
    {
        var table = new Table().Border(TableBorder.None).HideHeaders().AddColumns("", "");
        void Row(string name, string? value)
        {
            if (value is not null) table.AddRow(new Text(name, new Style(decoration: Decoration.Bold)), Screen.Cell(value));
        }
        Row("Dashboard", file.Dashboard);
        Row("Ledger", WithoutPassword(file) ?? "the one that the environment names");
        Row("Blobs", "blob://local/CONTAINER/PREFIX");
        if (file.Configuration.TryGetValue("HrNetBatch:ServiceBus:ConnectionString", out string? serviceBus))
        {
            Row("Service Bus", $"{WithoutKey(serviceBus)} (with its key: {StackFile.PathIn(file.Data)})");
            Row("", $"job messages: queue {LocalBroker.Queue}; events: topic {LocalBroker.Topic}, subscription {LocalBroker.Subscription}");
        }
        Row("Data", file.Data);
        Row("Logs", Path.Combine(file.Data, "logs"));
        Screen.Out.Write(table);
        Screen.Say("Next: `hrnet upload FOLDER blob://local/images/`, `hrnet train --help`, `hrnet status`. Ctrl-C stops everything.");
    }

    /// <summary>Terminals are looked at and logged: who needs the password reads it where only its owner can.</summary>
    private static string? WithoutPassword(StackFile file) =>
        file.Configuration.TryGetValue("HrNetBatch:Ledger:ConnectionString", out string? ledger)
            ? $"{new NpgsqlConnectionStringBuilder(ledger) { Password = null }} (with its password: {StackFile.PathIn(file.Data)})"
            : null;

    /// <summary>The same of a Service Bus.</summary>
    internal static string WithoutKey(string connectionString) => SharedAccessKey().Replace(connectionString, "");

    [GeneratedRegex("SharedAccessKey=[^;]*;?")]
    private static partial Regex SharedAccessKey();

    /// <summary>Waits for the interruption.</summary>
    public static async Task UntilAsync(CancellationToken interrupted)
    {
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, interrupted);
        }
        catch (OperationCanceledException)
        {
            // What everybody waits for.
        }
    }
}
