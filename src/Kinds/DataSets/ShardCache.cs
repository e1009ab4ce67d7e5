using System.Collections.Concurrent;
using System.IO.Hashing;
using System.Text;
using HrNetBatch.Model.Data;

namespace HrNetBatch.Kinds.DataSets;

/// <summary>
/// Copies of shards in a folder of this machine, which several processes may share. A copy's name says which version of which blob it is
/// and what its bytes hash to; it is hashed before its first use by a process, and a copy that is not what its name says is deleted.
/// </summary>
/// <param name="folder">Made where it is missing.</param>
/// <param name="maximumBytes">Most that the copies may take; those used longest ago go first.</param>
/// <param name="clock">Tells when a copy was used.</param>
public sealed class ShardCache(string folder, long maximumBytes, TimeProvider clock)
{
    private const string Extension = ".shard";
    private const int BufferBytes = 1 << 20;
    private static readonly TimeSpan Abandoned = TimeSpan.FromHours(6);

    private readonly ConcurrentDictionary<string, bool> _verified = new(StringComparer.Ordinal);
    private readonly Lock _evicting = new();

    /// <summary>Opens a stretch of the copy; null where there is no good one.</summary>
    public async Task<Stream?> TryOpenAsync(DataFile file, long offset, long? length, CancellationToken cancellation)
    {
        if (!Directory.Exists(folder))
            return null;
        foreach (string path in Directory.EnumerateFiles(folder, KeyOf(file) + "-*" + Extension))
        {
            try
            {
                var copy = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, BufferBytes, FileOptions.Asynchronous);
                if (await IsGoodAsync(path, copy, file, cancellation))
                {
                    File.SetLastWriteTimeUtc(path, clock.GetUtcNow().UtcDateTime);
                    copy.Position = offset;
                    return length is { } bytes ? new BoundedStream(copy, bytes) : copy;
                }
                await copy.DisposeAsync();
                File.Delete(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Another process removed it in this moment, or the disk fails: the blob is still there.
            }
        }
        return null;
    }

    /// <summary>Writes what is read of a whole shard into the cache too; once all of it was read, the copy counts.</summary>
    public Stream Keep(DataFile file, Stream source)
    {
        if (file.LengthBytes > maximumBytes)
            return source;
        try
        {
            MakeFolder();
            string partial = Path.Combine(folder, $"{KeyOf(file)}.{Guid.NewGuid():N}.part");
            var copy = new FileStream(partial, FileMode.CreateNew, FileAccess.Write, FileShare.Delete, BufferBytes, FileOptions.Asynchronous);
            return new CopyingStream(source, copy, file.LengthBytes, hash => Complete(file, partial, hash), () => File.Delete(partial));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return source;
        }
    }

    private void MakeFolder()
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);   // what it holds, jobs train on
    }

    private void Complete(DataFile file, string partial, string hash)
    {
        MakeRoom(file.LengthBytes);
        string path = Path.Combine(folder, $"{KeyOf(file)}-{hash}{Extension}");
        File.Move(partial, path, overwrite: true);
        File.SetLastWriteTimeUtc(path, clock.GetUtcNow().UtcDateTime);
        _verified[path] = true;
    }

    private void MakeRoom(long bytes)
    {
        lock (_evicting)
        {
            DateTime abandoned = (clock.GetUtcNow() - Abandoned).UtcDateTime;
            foreach (FileInfo partial in new DirectoryInfo(folder).EnumerateFiles("*.part").Where(part => part.LastWriteTimeUtc < abandoned))
                partial.Delete();
            FileInfo[] copies = [.. new DirectoryInfo(folder).EnumerateFiles("*" + Extension).OrderBy(copy => copy.LastWriteTimeUtc)];
            long held = copies.Sum(copy => copy.Length);
            foreach (FileInfo copy in copies)
            {
                if (held + bytes <= maximumBytes)
                    return;
                held -= copy.Length;
                copy.Delete();   // whoever reads it right now goes on reading it
            }
        }
    }

    private async Task<bool> IsGoodAsync(string path, FileStream copy, DataFile file, CancellationToken cancellation)
    {
        if (copy.Length != file.LengthBytes)
            return false;
        if (_verified.ContainsKey(path))
            return true;
        var hash = new XxHash128();
        await hash.AppendAsync(copy, cancellation);
        bool isGood = Path.GetFileNameWithoutExtension(path).EndsWith("-" + Convert.ToHexStringLower(hash.GetCurrentHash()), StringComparison.Ordinal);
        if (isGood)
            _verified[path] = true;
        return isGood;
    }

    private static string KeyOf(DataFile file) => Convert.ToHexStringLower(XxHash128.Hash(Encoding.UTF8.GetBytes($"{file.Name}\n{file.Version}")));
}
