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
        var submission = new SubmissionOptions();
        var command = new Command("submit", "Submit the job that a JSON document describes.") { file };
        submission.AddTo(command);
        command.SetAction(async (parsed, interrupted) =>
            await submission.SubmitAsync(await ReadAsync(parsed.GetRequiredValue(file), interrupted), parsed, interrupted));
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
