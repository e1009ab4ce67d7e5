using System.Globalization;
using HrNetBatch.Cli.Commands;
using HrNetBatch.Cli.Output;
using HrNetBatch.Cli.Stack;
using HrNetBatch.Kinds.Models;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Export;
using HrNetBatch.Model.Files;
using Microsoft.Extensions.DependencyInjection;

namespace HrNetBatch.Cli.Exporting;

/// <summary>Exports into a file of this machine, in this process; a stack is needed only where the checkpoint lies in one.</summary>
internal static class LocalExport
{
    /// <summary>Writes the file and says what it is.</summary>
    /// <exception cref="UserException">There is no such checkpoint, or the target is taken.</exception>
    public static async Task RunAsync(string source, string target, ExportOptions options, bool overwrite, string? data, bool json, CancellationToken interrupted)
    {
        string file = Path.GetFullPath(target);
        RefuseTaken(source, target, overwrite);
        using LoadedCheckpoint? stored = ExportCommand.IsStored(source) ? await LoadAsync(source, data, interrupted) : null;
        using Checkpoint checkpoint = stored?.Checkpoint ?? Read(source);
        if (stored is not null) options = options with { Labels = stored.Labels, ImageSize = options.ImageSize ?? stored.ImageSize };
        LocalFolder.Make(Path.GetDirectoryName(file)!);
        string unfinished = $"{file}.{Guid.NewGuid():N}.part"; // in the same folder, so that the last step is a renaming
        ExportReport report;
        try
        {
            report = CheckpointExport.Write(checkpoint, unfinished, options, new Remarks(), interrupted);
            File.Move(unfinished, file, overwrite);
        }
        catch (Exception error) when (FileFault.Is(error))
        {
            throw new UserException($"{target} {FileFault.OfWriting(error, file)}.");
        }
        finally
        {
            if (File.Exists(unfinished)) File.Delete(unfinished);   // else this fault would stand in the place of the first
        }
        if (json) Screen.WriteJson(new { File = target, Checkpoint = source, report.Format, report.Variant, report.ClassCount, report.ImageSize, report.Bytes, report.Sha256, report.MaxDifference, report.MaxDifferenceShare, CheckpointSha256 = report.SourceSha256, report.Remarks });
        else Show(target, report);
    }

    private static async Task<LoadedCheckpoint> LoadAsync(string source, string? data, CancellationToken cancellation)
    {
        if (!CheckpointReference.TryParse(source, out CheckpointReference? reference, out string? fault))
            throw new UserException(fault, UserException.WrongRequest);
        await using ServiceProvider services = StackServices.Open(data);
        return await services.GetRequiredService<JobCheckpoints>().LoadAsync(reference, cancellation);
    }

    private static Checkpoint Read(string source)
    {
        using FileStream stream = LocalFile.Open(source, "The checkpoint");
        return CheckpointReader.Read(stream, source);
    }

    private static void RefuseTaken(string source, string target, bool overwrite)
    {
        if (!ExportCommand.IsStored(source) && Path.GetFullPath(source) == Path.GetFullPath(target))
            throw new UserException($"{target} is the checkpoint itself: give another name.", UserException.WrongRequest);
        if (File.Exists(target) && LocalFile.SpecialFault(new FileInfo(Path.GetFullPath(target))) is { } special)
            throw new UserException($"{target} {special}.", UserException.WrongRequest);
        if (!overwrite && File.Exists(target))
            throw new UserException($"{target} exists already: give another name, or add --overwrite to replace it.", UserException.WrongRequest);
    }

    private static void Show(string target, ExportReport report)
    {
        Screen.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{target}: {ExportFormats.NameOf(report.Format)}, {report.Variant}, {Words.Count(report.ClassCount, "class", "classes")}, images of {report.ImageSize}×{report.ImageSize}, {Words.Bytes(report.Bytes)}."));
        Screen.WriteLine(report is { MaxDifference: { } difference, MaxDifferenceShare: { } share }
            ? $"Checked: ONNX Runtime's logits are the network's within {Words.Value(100 * share)} % of their range ({Words.Value(difference)}), "
                + "as rounding explains."
            : "Checked: read back, every tensor is the same.");
        Screen.WriteLine($"sha256 {report.Sha256}");
        foreach (string remark in report.Remarks) Screen.Say($"Note: {remark}.");
    }
}
