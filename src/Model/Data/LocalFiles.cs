using System.Globalization;
using System.Runtime.CompilerServices;

namespace HrNetBatch.Model.Data;

/// <summary>Data sets in folders of this machine; names are paths with forward slashes.</summary>
public sealed class LocalFiles : IDataFiles
{
    private const int BufferBytes = 1 << 20;

    /// <inheritdoc/>
    public async IAsyncEnumerable<DataFile> ListAsync(string folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        bool isPrefix = folder.EndsWith('*');
        string start = isPrefix ? folder[..^1] : folder.TrimEnd('/') + "/";
        var root = new DirectoryInfo(start[..(start.LastIndexOf('/') + 1)] is { Length: > 0 } named ? named : "./");
        if (!root.Exists)
            yield break;
        foreach (DataFile file in FolderWalk.Walk(root.FullName).Select(Describe).Where(file => !isPrefix || file.Name.StartsWith(Full(start), StringComparison.Ordinal))
            .OrderBy(file => file.Name, StringComparer.Ordinal))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return file;
        }
        await Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<DataFile?> FindAsync(string name, CancellationToken cancellationToken)
    {
        var file = new FileInfo(name);
        return Task.FromResult(file.Exists ? Describe(file) : null);
    }

    /// <inheritdoc/>
    public Task<Stream> OpenAsync(DataFile file, long offset, long? length, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (Describe(new FileInfo(file.Name)).Version != file.Version)
            throw new ShardException($"{file.Name} has been changed since it was looked up. Start again when nobody writes it.");
        var stream = new FileStream(file.Name, FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes, FileOptions.Asynchronous | FileOptions.SequentialScan);
        stream.Position = offset;
        return Task.FromResult<Stream>(length is { } bytes ? new BoundedStream(stream, bytes) : stream);
    }

    /// <inheritdoc/>
    public async Task<DataFile> WriteAsync(string name, Stream content, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(content);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(name))!);
        string partial = $"{name}.{Environment.ProcessId}.part";
        try
        {
            await using (FileStream file = File.Create(partial))
                await content.CopyToAsync(file, cancellationToken);
            File.Move(partial, name, overwrite: true);
        }
        finally
        {
            if (File.Exists(partial))
                File.Delete(partial);   // else this fault would stand in the place of the first
        }
        return Describe(new FileInfo(name));
    }

    private static DataFile Describe(WalkedFile found) => found.File is { } file
        ? Describe(found.Path, file)
        : new DataFile(Full(found.Path), 0, "") { Unread = found.Unread };

    // Of a link the size and time of what it leads to.
    private static DataFile Describe(FileInfo file) =>
        Describe(file.FullName, file.LinkTarget is null ? file : file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file);

    private static DataFile Describe(string path, FileInfo file) => new(
        Full(path), file.Exists ? file.Length : 0,
        file.Exists ? string.Create(CultureInfo.InvariantCulture, $"{file.Length}-{file.LastWriteTimeUtc.Ticks:x}") : "");

    private static string Full(string path) =>
        (path.EndsWith('/') ? Path.GetFullPath(path).TrimEnd(Path.DirectorySeparatorChar) + "/" : Path.GetFullPath(path)).Replace(Path.DirectorySeparatorChar, '/');
}
