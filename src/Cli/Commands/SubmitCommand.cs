using System.CommandLine;
using System.Text.Json;
using HrNetBatch.Cli.Submission;
using HrNetBatch.Jobs.Contracts;

namespace HrNetBatch.Cli.Commands;

/// <summary><c>hrnet submit FILE.json</c>: a request document, with all that <c>then</c> and <c>notBefore</c> allow.</summary>
internal static class SubmitCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE.json") { Description = "A request: {\"kind\", \"arguments\", \"then\": [requests], \"notBefore\"}; - reads standard input." };
        var wait = new Option<bool>("--wait") { Description = "Watch the job and its followers to their end; the exit code says whether all succeeded." };
        var command = new Command("submit", "Submit the job that a JSON document describes.") { file, wait };
        command.SetAction(async (parsed, interrupted) => await JobSubmission.RunAsync(
            await ReadAsync(parsed.GetRequiredValue(file), interrupted),
            parsed.GetValue(CommandLine.Data), parsed.GetValue(CommandLine.Json), parsed.GetValue(wait), interrupted));
        return command;
    }

    /// <summary>Reads a request document.</summary>
    /// <exception cref="UserException">It is none.</exception>
    public static async Task<JobRequest> ReadAsync(string file, CancellationToken cancellation)
    {
        try
        {
            string text = file == "-" ? await Console.In.ReadToEndAsync(cancellation) : await File.ReadAllTextAsync(file, cancellation);
            return JsonSerializer.Deserialize<JobRequest>(text, JobJson.Options)
                ?? throw new UserException($"{file} holds null, not a request.", UserException.WrongRequest);
        }
        catch (JsonException exception)
        {
            throw new UserException(
                $"{file} is no request: {exception.Message} A request is {{\"kind\": \"classify\", \"arguments\": {{…}}, \"then\": [requests]}}.",
                UserException.WrongRequest);
        }
    }
}
