using System.CommandLine;
using HrNetBatch.Cli.Submission;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Messages;
using HrNetBatch.Kinds;

namespace HrNetBatch.Cli.Commands;

/// <summary><c>hrnet submit FILE.json</c>: a job as a document, with all that <c>then</c> and <c>notBefore</c> allow.</summary>
internal static class SubmitCommand
{
    /// <summary>What a document may be.</summary>
    public const string DocumentHelp = "A job: {\"kind\", \"arguments\", \"then\": [jobs], \"notBefore\"}, or the body of a job message; - reads standard input.";

    public static Command Create()
    {
        var file = new Argument<string>("FILE.json") { Description = DocumentHelp };
        Option<string?> kind = KindOption();
        var submission = new SubmissionOptions();
        var command = new Command("submit", "Submit the job that a JSON document describes.") { file, kind };
        submission.AddTo(command);
        command.SetAction(async (parsed, interrupted) =>
            await submission.SubmitAsync(await ReadAsync(parsed.GetRequiredValue(file), parsed.GetValue(kind), interrupted), parsed, interrupted));
        return command;
    }

    /// <summary>The option that names the kind of a document which does not.</summary>
    public static Option<string?> KindOption() => new("--kind")
    {
        Description = "The job's kind, where FILE.json is the body of a message and so names none.",
        HelpName = KindTable.Default.Names.Replace(", ", "|", StringComparison.Ordinal),
    };

    /// <summary>Reads a document.</summary>
    /// <exception cref="UserException">It asks for no job.</exception>
    public static async Task<JobRequest> ReadAsync(string file, string? kind, CancellationToken cancellation)
    {
        using var content = new MemoryStream();
        await using (Stream source = file == "-" ? Console.OpenStandardInput() : LocalFile.Open(file, "The document"))
            await source.CopyToAsync(content, cancellation);
        try
        {
            return JobDocument.Read(content.ToArray(), kind, KindTable.Default);
        }
        catch (JobDocumentException refused)
        {
            throw new UserException(
                string.Join("\n  ", [$"{(file == "-" ? "Standard input" : file)} asks for no job that can be accepted.", .. refused.Faults])
                + "\nA job is {\"kind\": \"classify\", \"arguments\": {…}, \"then\": [jobs], \"notBefore\": \"2030-01-31T06:00:00Z\"}; `hrnet schema KIND` lists the arguments.",
                UserException.WrongRequest);
        }
    }
}
