using HrNetBatch.Model.Data;

namespace HrNetBatch.Model.Tests.Data;

/// <summary>Files in memory.</summary>
internal sealed class MemoryFiles : IDataFiles
{
    private readonly SortedDictionary<string, byte[]> _files = new(StringComparer.Ordinal);

    public byte[] this[string name] { set => _files[name] = value; }

    public async IAsyncEnumerable<DataFile> ListAsync(string folder, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach ((string name, byte[] content) in _files)
            if (name.StartsWith(folder.TrimEnd('*'), StringComparison.Ordinal))
                yield return new DataFile(name, content.Length, "1");
        await Task.CompletedTask;
    }

    public Task<DataFile?> FindAsync(string name, CancellationToken cancellationToken) =>
        Task.FromResult(_files.TryGetValue(name, out byte[]? content) ? new DataFile(name, content.Length, "1") : null);

    public Task<Stream> OpenAsync(DataFile file, long offset, long? length, CancellationToken cancellationToken)
    {
        byte[] content = _files[file.Name];
        return Task.FromResult<Stream>(new MemoryStream(content, (int)offset, (int)Math.Min(length ?? content.Length, content.Length - offset), writable: false));
    }

    public async Task<DataFile> WriteAsync(string name, Stream content, CancellationToken cancellationToken)
    {
        using var copy = new MemoryStream();
        await content.CopyToAsync(copy, cancellationToken);
        _files[name] = copy.ToArray();
        return new DataFile(name, copy.Length, "1");
    }
}
