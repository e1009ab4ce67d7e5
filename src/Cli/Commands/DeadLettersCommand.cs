using System.CommandLine;
using Azure.Messaging.ServiceBus;
using HrNetBatch.Cli.DeadLetters;
using HrNetBatch.Cli.Output;
using HrNetBatch.Cli.Stack;
using HrNetBatch.Jobs.Messages;
using HrNetBatch.Jobs.ServiceBus;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Spectre.Console;

namespace HrNetBatch.Cli.Commands;

/// <summary><c>hrnet deadletters list|show|replay|purge</c></summary>
internal static class DeadLettersCommand
{
    public static Command Create() => new("deadletters", "Job messages that could not become jobs: look at them, send them again, remove them.")
    {
        List(),
        Show(),
        Settle("replay", "Send dead letters to the queue again as they are, once what was wrong is right.",
            (queue, references, cancellation) => queue.ReplayAsync(references, cancellation), "Sent again"),
        Settle("purge", "Remove dead letters for good.",
            (queue, references, cancellation) => queue.PurgeAsync(references, cancellation), "Removed"),
    };

    private static Command List()
    {
        Option<int> limit = LimitOption.Create("How many at most.", 50);
        var command = new Command("list", "List the dead letters, oldest first.") { limit };
        command.SetAction(async (parsed, interrupted) =>
        {
            await using ServiceProvider services = StackServices.OpenServiceBus(parsed.GetValue(CommandLine.Stack));
            PeekedMessages letters = await Queue(services).ListAsync(parsed.GetValue(limit), interrupted);
            if (parsed.GetValue(CommandLine.Json))
            {
                Screen.WriteJson(letters.Messages.Select(DeadLetterView.Short));
                WarnOf(letters.Undecodable);
                return 0;
            }
            if (letters.IsEmpty)
            {
                Screen.WriteLine("There are no dead letters.");
                return 0;
            }
            var table = new Table().Border(TableBorder.Simple).AddColumns("number", "message id", "kind", "reason", "sent (UTC)", "what is wrong");
            foreach (ServiceBusReceivedMessage message in letters.Messages)
            {
                table.AddRow(
                    Screen.Cell($"{message.SequenceNumber}"), Screen.Cell(JobMessage.IdOf(message)), Screen.Cell(message.Subject ?? ""),
                    Screen.Cell(message.DeadLetterReason ?? ""), Screen.Cell($"{message.EnqueuedTime:yyyy-MM-dd HH:mm}"), Screen.Cell(message.DeadLetterErrorDescription ?? ""));
            }
            if (letters.Messages.Count > 0) Screen.Out.Write(table);
            WarnOf(letters.Undecodable);
            return 0;
        });
        return command;
    }

    private static Command Show()
    {
        var reference = new Argument<string>("MESSAGE") { Description = "Its number in the list, or its message id." };
        var command = new Command("show", "Show a dead letter with its body.") { reference };
        command.SetAction(async (parsed, interrupted) =>
        {
            await using ServiceProvider services = StackServices.OpenServiceBus(parsed.GetValue(CommandLine.Stack));
            DeadLetterView view = DeadLetterView.Whole(await Queue(services).FindAsync(parsed.GetRequiredValue(reference), interrupted));
            if (parsed.GetValue(CommandLine.Json)) Screen.WriteJson(view);
            else Write(view);
            return 0;
        });
        return command;
    }

    private static Command Settle(
        string name, string description, Func<DeadLetterQueue, IReadOnlyCollection<string>?, CancellationToken, Task<DeadLetterReport>> settle, string done)
    {
        var references = new Argument<string[]>("MESSAGE") { Description = "Their numbers in the list, or their message ids.", Arity = ArgumentArity.ZeroOrMore };
        var all = new Option<bool>("--all") { Description = "Every one." };
        var command = new Command(name, description) { references, all };
        command.Validators.Add(result =>
        {
            if (result.GetValue(all) == result.GetValue(references) is { Length: > 0 }) result.AddError($"Name the dead letters to {name}, or say --all{(result.GetValue(all) ? ", not both" : "")}.");
        });
        command.SetAction(async (parsed, interrupted) =>
        {
            await using ServiceProvider services = StackServices.OpenServiceBus(parsed.GetValue(CommandLine.Stack));
            DeadLetterReport report = await settle(Queue(services), parsed.GetValue(all) ? null : parsed.GetValue(references), interrupted);
            if (parsed.GetValue(CommandLine.Json)) Screen.WriteJson(report);
            else Screen.WriteLine($"{done}: {report.DoneCount}.");
            WarnOf(report.Undecodable);
            return 0;
        });
        return command;
    }

    private static void WarnOf(IReadOnlyList<long> undecodable)
    {
        foreach (long number in undecodable) Screen.Warn($"Dead letter {number} cannot be decoded. {DeadLetterQueue.Undecodable}");
    }

    private static DeadLetterQueue Queue(ServiceProvider services) =>
        new(services.GetRequiredService<MessageBus>(), services.GetRequiredService<IOptions<ServiceBusOptions>>().Value.Queue);

    private static void Write(DeadLetterView view)
    {
        Screen.WriteLine($"Message {view.MessageId}, number {view.SequenceNumber}, sent {view.EnqueuedTime:yyyy-MM-dd HH:mm:ss} UTC");
        Screen.WriteLine($"Kind      {view.Subject ?? "none"}");
        Screen.WriteLine($"Reason    {view.Reason ?? "none"}");
        Screen.WriteLine($"Wrong     {view.Description ?? "nothing said"}");
        foreach ((string name, string? value) in view.Properties!) Screen.WriteLine($"Property  {name} = {value}");
        Screen.WriteLine($"Body      {view.ContentType ?? "of no type"}{(view.BodyBytes is { } bytes ? $", {Words.Count(bytes.Length, "byte")}, no text" : "")}");
        if (view.Body is { } body) Screen.WriteDocument(body);
    }
}
