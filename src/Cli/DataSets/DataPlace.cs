using HrNetBatch.Cli.Stack;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Kinds.DataSets;
using HrNetBatch.Kinds.Models;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Files;
using Microsoft.Extensions.DependencyInjection;

namespace HrNetBatch.Cli.DataSets;

/// <summary>Where the files of a data set are: this machine, or the blobs of the stack.</summary>
internal sealed class DataPlace : IAsyncDisposable
{
    private readonly ServiceProvider? _services;

    private DataPlace(ServiceProvider? services)
    {
        _services = services;
        Files = services is null ? new LocalFiles() : new BlobFiles(services.GetRequiredService<BlobStore>());
    }

    /// <summary>The files.</summary>
    public IDataFiles Files { get; }

    /// <summary>Opens the place of a data set that is to be read.</summary>
    /// <exception cref="UserException">It is no path, there is nothing there on this machine, or there is no stack for it.</exception>
    public static DataPlace OpenToRead(string path, string? stack)
    {
        string file = path.Split('#')[0];
        bool isPattern = file.AsSpan().ContainsAny('*', '{');
        if (!path.StartsWith(BlobPath.Scheme, StringComparison.OrdinalIgnoreCase) && !isPattern && !Path.Exists(file))
            throw new UserException($"{file} {FileFault.Absence(file)}; name a folder, tars or a _info.json of this machine, or blob://ALIAS/container/….", UserException.WrongRequest);
        if (File.Exists(file) && LocalFile.SpecialFault(new FileInfo(Path.GetFullPath(file))) is { } special)
            throw new UserException($"{file} {special}.", UserException.WrongRequest);
        return Open(path, stack);
    }

    /// <summary>Opens the place that a path names.</summary>
    /// <exception cref="UserException">It is no path, or there is no stack for it.</exception>
    public static DataPlace Open(string path, string? stack)
    {
        if (!path.StartsWith(BlobPath.Scheme, StringComparison.OrdinalIgnoreCase)) return new DataPlace(null);
        if (!BlobPath.TryParse(path, out _, out string? fault)) throw new UserException(fault, UserException.WrongRequest);
        return new DataPlace(StackServices.OpenBlobs(stack));
    }

    /// <summary>Makes what a file in a folder needs to be written: the container.</summary>
    public async Task PrepareAsync(string folder, CancellationToken cancellation)
    {
        if (_services is null)
        {
            LocalFolder.Make(folder);
            return;
        }
        BlobPath path = BlobPath.Parse(folder);
        if (_services.GetRequiredService<ModelStore>().Holds(path))
            throw new UserException($"'{path}' is the model store's; choose another folder.", UserException.WrongRequest);
        await _services.GetRequiredService<BlobStore>().CreateContainerAsync(path, cancellation);
    }

    public ValueTask DisposeAsync() => _services?.DisposeAsync() ?? ValueTask.CompletedTask;
}
