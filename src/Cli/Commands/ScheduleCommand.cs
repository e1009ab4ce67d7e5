using System.CommandLine;
using HrNetBatch.Cli.Output;
using HrNetBatch.Cli.Stack;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using Microsoft.Extensions.DependencyInjection;
using Spectre.Console;

namespace HrNetBatch.Cli.Commands;

/// <summary><c>hrnet schedule add|list|remove</c></summary>
internal static class ScheduleCommand
{
    private const int LongestName = 100;

    public static Command Create() => new("schedule", "Submit a job again and again, by a cron expression (UTC).") { Add(), List(), Remove() };

    private static Command Add()
    {
        var name = new Argument<string>("NAME") { Description = "A name of your choice; a schedule of that name is replaced." };
        var cron = new Option<string>("--cron")
        {
            Description = "Minute, hour, day of the month, month, day of the week; \"0 3 * * *\" is daily at 3:00 UTC. "
                + "Or @hourly, @daily, @weekly, @monthly, @yearly.",
            HelpName = "EXPR",
            Required = true,
        };
        var file = new Argument<string>("FILE.json") { Description = SubmitCommand.DocumentHelp };
        Option<string?> kind = SubmitCommand.KindOption();
        var command = new Command("add", "Add a schedule, or replace it.") { name, file, cron, kind };
        command.SetAction(async (parsed, interrupted) =>
        {
            if (parsed.GetRequiredValue(name) is var named && (string.IsNullOrWhiteSpace(named) || named.Length > LongestName || named.Any(char.IsControl)))
                throw new UserException($"A schedule's name is 1 to {LongestName} characters on one line, such as nightly.", UserException.WrongRequest);
            string expression = Fields(parsed.GetRequiredValue(cron));
            DateTimeOffset? next = Next(expression);
            JobRequest request = await SubmitCommand.ReadAsync(parsed.GetRequiredValue(file), parsed.GetValue(kind), interrupted);
            await using ServiceProvider services = StackServices.Open(parsed.GetValue(CommandLine.Stack));
            await services.GetRequiredService<ScheduleStore>().SetAsync(parsed.GetRequiredValue(name), expression, request, interrupted);
            if (parsed.GetValue(CommandLine.Json)) Screen.WriteJson(new { Name = parsed.GetRequiredValue(name), Cron = expression, Next = next });
            else Screen.WriteLine($"A {request.Kind} job will be submitted next at {next:yyyy-MM-dd HH:mm} UTC, while a worker runs.");
            return 0;
        });
        return command;
    }

    private static Command List()
    {
        var command = new Command("list", "List the schedules.");
        command.SetAction(async (parsed, interrupted) =>
        {
            await using ServiceProvider services = StackServices.Open(parsed.GetValue(CommandLine.Stack));
            IReadOnlyList<JobSchedule> schedules = await services.GetRequiredService<ScheduleStore>().ListAsync(interrupted);
            if (parsed.GetValue(CommandLine.Json))
            {
                Screen.WriteJson(schedules.Select(schedule =>
                    new { schedule.Name, schedule.Cron, Next = Next(schedule.Cron), schedule.Request, schedule.CreatedAt }));
                return 0;
            }
            if (schedules.Count == 0)
            {
                Screen.WriteLine("There are no schedules. `hrnet schedule add NAME --cron \"0 3 * * *\" FILE.json` makes one.");
                return 0;
            }
            var table = new Table().Border(TableBorder.Simple).AddColumns("name", "cron", "next (UTC)", "job");
            foreach (JobSchedule schedule in schedules)
            {
                table.AddRow(
                    Screen.Cell(schedule.Name), Screen.Cell(schedule.Cron), Screen.Cell($"{Next(schedule.Cron):yyyy-MM-dd HH:mm}"),
                    Screen.Cell(schedule.Request.Kind));
            }
            Screen.Out.Write(table);
            return 0;
        });
        return command;
    }

    private static Command Remove()
    {
        var name = new Argument<string>("NAME") { Description = "The schedule's name." };
        var command = new Command("remove", "Remove a schedule; jobs that it submitted stay.") { name };
        command.SetAction(async (parsed, interrupted) =>
        {
            await using ServiceProvider services = StackServices.Open(parsed.GetValue(CommandLine.Stack));
            string text = parsed.GetRequiredValue(name);
            if (!await services.GetRequiredService<ScheduleStore>().RemoveAsync(text, interrupted))
                throw new UserException($"There is no schedule '{text}'. `hrnet schedule list` lists them.");
            if (parsed.GetValue(CommandLine.Json)) Screen.WriteJson(new { Removed = text });
            else Screen.WriteLine("Removed.");
            return 0;
        });
        return command;
    }

    // The ledger takes a field of seconds too; typed, it is a slip that would submit a job each second.
    /// <exception cref="UserException">It is no cron expression of five fields, or never fires.</exception>
    private static string Fields(string expression)
    {
        try
        {
            string fields = ScheduleTimes.Fields(expression);
            return fields.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length == 5 ? fields
                : throw new UserException($"'{expression}' has 6 fields, and a cron expression has five: minute, hour, day of the month, month, day of the week.", UserException.WrongRequest);
        }
        catch (FormatException exception)
        {
            throw new UserException(exception.Message, UserException.WrongRequest);
        }
    }

    private static DateTimeOffset? Next(string fields)
    {
        try
        {
            return ScheduleTimes.Next(fields, TimeProvider.System.GetUtcNow());
        }
        catch (FormatException)
        {
            return null;   // written into the ledger by other means: the workers say that it never runs
        }
    }
}
