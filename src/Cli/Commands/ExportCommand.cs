using System.CommandLine;
using HrNetBatch.Cli.Exporting;
using HrNetBatch.Cli.Submission;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Kinds;
using HrNetBatch.Kinds.Export;
using HrNetBatch.Kinds.Models;
using HrNetBatch.Model.Export;

namespace HrNetBatch.Cli.Commands;

/// <summary><c>hrnet export SOURCE TARGET</c>: done here where the target is a file, by a job where it is a blob.</summary>
internal static class ExportCommand
{
    public static Command Create(IReadOnlyList<string[]> followers)
    {
        var source = new Argument<string>("SOURCE") { Description = "The checkpoint: a file, or blob://ALIAS/container/name or model:NAME[@VERSION] of the stack." };
        var target = new Argument<string>("TARGET") { Description = "What to write: a file, which is made here, or a blob, which a job makes." };
        var format = new Option<string?>("--format") { Description = $"The kind of file. Default: told by TARGET's extension, {ExportFormats.Names}." };
        format.AcceptOnlyFromAmong([.. Enum.GetNames<ExportFormat>().Select(name => name.ToLowerInvariant())]);
        var fold = new Option<bool>("--fold-batch-norm") { Description = "For ONNX: make each batch norm part of the convolution before it, which is smaller and faster.", DefaultValueFactory = _ => true, HelpName = "true|false" };
        var imageSize = new Option<int?>("--image-size") { Description = "Side of the square images that the file is for, a multiple of 32; an ONNX file takes no others. Default: the checkpoint's, else 224.", HelpName = "N" };
        var overwrite = new Option<bool>("--overwrite") { Description = "Replace what stands at TARGET; a blob that a train, validate or classify job made is never replaced." };
        var submission = new SubmissionOptions();
        var command = new Command("export", "Write a checkpoint as ONNX, safetensors, .pth or the original's .pth.tar, and check what was written.")
        {
            source, target, format, fold, imageSize, overwrite,
        };
        submission.AddTo(command);
        command.SetAction(async (parsed, interrupted) =>
        {
            string from = parsed.GetRequiredValue(source), to = parsed.GetRequiredValue(target);
            ExportFormat? asked = parsed.GetValue(format) is { } name ? Enum.Parse<ExportFormat>(name, ignoreCase: true) : null;
            if (parsed.GetValue(imageSize) is { } size && (size < 32 || size % 32 != 0))
                throw new UserException($"--image-size must be a multiple of 32; {size} is none.", UserException.WrongRequest);
            string? data = parsed.GetValue(CommandLine.Stack);
            bool json = parsed.GetValue(CommandLine.Json);
            if (to.StartsWith(BlobPath.Scheme, StringComparison.OrdinalIgnoreCase))
            {
                var arguments = new ExportArguments
                {
                    Checkpoint = IsStored(from) ? from : throw NotStored(from, to),
                    Output = to,
                    Format = asked,
                    FoldBatchNorm = parsed.GetValue(fold),
                    ImageSize = parsed.GetValue(imageSize),
                    Overwrite = parsed.GetValue(overwrite),
                };
                RefuseFaults(arguments);
                return await submission.SubmitAsync(SubmitKindCommand.Chain(JobRequest.For(arguments), followers), parsed, interrupted);
            }

            if (IsStored(to))
                throw new UserException($"{to} cannot be written: an export makes files. `hrnet models add` puts a checkpoint into the store.", UserException.WrongRequest);
            if (followers.Count > 0)
                throw new UserException($"--then follows a job, and {to} is a file that is written here: name a blob as TARGET.", UserException.WrongRequest);
            if (Directory.Exists(to) || Path.EndsInDirectorySeparator(to))
                throw new UserException($"{to} is a folder: name the file to write in it.", UserException.WrongRequest);
            var options = new ExportOptions
            {
                Format = asked ?? ExportFormats.Of(to) ?? throw new UserException($"{to} does not tell its format: add --format, or end its name in {ExportFormats.Names}.", UserException.WrongRequest),
                FoldBatchNorm = parsed.GetValue(fold),
                ImageSize = parsed.GetValue(imageSize),
                ThreadCount = Environment.ProcessorCount,
            };
            await LocalExport.RunAsync(from, to, options, parsed.GetValue(overwrite), data, json, interrupted);
            return 0;
        });
        return command;
    }

    /// <summary>Whether it names something in the storage of a stack rather than a file of this machine.</summary>
    public static bool IsStored(string text) =>
        text.StartsWith(BlobPath.Scheme, StringComparison.OrdinalIgnoreCase) || text.StartsWith(ModelReference.Scheme, StringComparison.OrdinalIgnoreCase);

    // In the words of this command, whose checkpoint and output have no option.
    private static void RefuseFaults(ExportArguments arguments)
    {
        try
        {
            KindTable.Default.Parse(ExportArguments.Kind, JobKinds.Write(arguments));
        }
        catch (JobArgumentsException refused)
        {
            throw new UserException(string.Join('\n', refused.Faults.Select(fault => fault.Split(": ", 2) switch
            {
                ["checkpoint", var what] => $"SOURCE: {what}",
                ["output", var what] => $"TARGET: {what}",
                [var field, var what] => $"{OptionName.Of(field)}: {what}",
                _ => fault,
            })), UserException.WrongRequest);
        }
    }

    private static UserException NotStored(string from, string to) => new(
        $"{from} is a file of this machine, and the job that writes {to} reads blobs and models. Upload it first, `hrnet upload {from} blob://…/`, and export that; "
        + "or export to a file here and upload what you get.", UserException.WrongRequest);
}
