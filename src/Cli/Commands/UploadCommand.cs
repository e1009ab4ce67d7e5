using System.CommandLine;
using HrNetBatch.Cli.Output;
using HrNetBatch.Cli.Stack;
using HrNetBatch.Cli.Transfer;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Kinds.Models;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Files;
using Microsoft.Extensions.DependencyInjection;

namespace HrNetBatch.Cli.Commands;

/// <summary><c>hrnet upload FOLDER blob://…</c></summary>
internal static class UploadCommand
{
    public static Command Create()
    {
        var folder = new Argument<string>("FOLDER") { Description = "A folder, with all below it, or one file." };
        var target = new Argument<string>("TARGET") { Description = "Where to: blob://ALIAS/container/prefix. The container is made when missing." };
        var command = new Command("upload", "Copy a folder into blob storage; blobs that are equal already are left alone.") { folder, target };
        command.SetAction(async (parsed, interrupted) =>
        {
            BlobPath path = ParsePath(parsed.GetRequiredValue(target));
            (string root, UploadedFile[] files, string[] leftOut) = Files(parsed.GetRequiredValue(folder));
            foreach (string left in leftOut) Screen.Warn(left);
            await using ServiceProvider services = StackServices.OpenBlobs(parsed.GetValue(CommandLine.Stack));
            var progress = new TransferProgress(files.Length, files.Sum(file => file.LengthBytes));
            var upload = new FolderUpload(services.GetRequiredService<BlobStore>(), services.GetRequiredService<BlobAccounts>(), services.GetRequiredService<ModelStore>());
            long start = TimeProvider.System.GetTimestamp();
            Task<UploadSummary> work = upload.RunAsync(root, files, path, progress, interrupted);
            await progress.ShowAsync("Uploading", work);
            UploadSummary summary = await work;
            TimeSpan took = TimeProvider.System.GetElapsedTime(start);
            if (parsed.GetValue(CommandLine.Json)) Screen.WriteJson(new { summary.Uploaded, summary.Skipped, summary.Bytes, took.TotalSeconds, LeftOut = leftOut });
            else Screen.WriteLine($"Uploaded {Words.Count(summary.Uploaded, "file")} ({Words.Bytes(summary.Bytes)}) to {path} in {Words.Duration(took)}; {(summary.Skipped == 1 ? "1 was" : $"{Words.Count(summary.Skipped)} were")} there already.{(leftOut.Length > 0 ? $" {Words.Count(leftOut.Length)} left out." : "")}");
            return 0;
        });
        return command;
    }

    /// <summary>Reads a blob path that was typed.</summary>
    /// <exception cref="UserException">It is none.</exception>
    public static BlobPath ParsePath(string text) =>
        BlobPath.TryParse(text, out BlobPath? path, out string? fault) ? path : throw new UserException(fault, UserException.WrongRequest);

    private static (string Root, UploadedFile[] Files, string[] LeftOut) Files(string text)
    {
        string full = Path.GetFullPath(text);
        if (File.Exists(full))
        {
            return LocalFile.SpecialFault(new FileInfo(full)) is { } fault
                ? throw new UserException($"{full} {fault}.", UserException.WrongRequest)
                : (Path.GetDirectoryName(full)!, [new UploadedFile(full, new FileInfo(full).Length)], []);
        }
        if (!Directory.Exists(full)) throw new UserException($"{full} {FileFault.Absence(full)}; name a folder or a file.", UserException.WrongRequest);
        WalkedFile[] found = [.. FolderWalk.Walk(full)];
        UploadedFile[] files = [.. found.Where(entry => entry.File is not null).Select(entry => new UploadedFile(entry.Path, entry.File!.Length))];
        string[] leftOut = [.. found.Where(entry => entry.Unread is not null).Select(entry => $"Left out: {entry.Path} is {entry.Unread}.")];
        int emptyCount = found.Count(entry => entry.File is null && entry.Unread is null);
        if (emptyCount > 0)
            leftOut = [.. leftOut, $"Left out: {Words.Count(emptyCount, "empty folder")}, such as {found.First(entry => entry.File is null && entry.Unread is null).Path}; blobs have no folders."];
        return files.Length > 0 ? (full, files, leftOut) : throw new UserException($"{full} holds no files.{(leftOut.Length > 0 ? " " + leftOut[0] : "")}");
    }
}
