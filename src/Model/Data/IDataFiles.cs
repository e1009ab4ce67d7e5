namespace HrNetBatch.Model.Data;

/// <summary>The files of data sets, wherever they lie: a folder of this machine (<see cref="LocalFiles"/>), or blob storage. Thread-safe.</summary>
public interface IDataFiles
{
    /// <summary>
    /// All files below a folder, or those whose names begin as <c>prefix*</c> says, in the ordinal order of their names. Where folders can be
    /// empty, such a one is listed with a slash at its end.
    /// </summary>
    IAsyncEnumerable<DataFile> ListAsync(string folder, CancellationToken cancellationToken);

    /// <summary>Looks a file up; null where there is none.</summary>
    Task<DataFile?> FindAsync(string name, CancellationToken cancellationToken);

    /// <summary>Opens a part of a file for reading forwards; the caller disposes the stream. A file that is another version by now is an error.</summary>
    /// <param name="file">What was found or listed.</param>
    /// <param name="offset">First byte.</param>
    /// <param name="length">How many bytes; null: all to the end.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<Stream> OpenAsync(DataFile file, long offset, long? length, CancellationToken cancellationToken);

    /// <summary>Writes or replaces a file by what a stream holds from its position on; it appears whole or not at all.</summary>
    Task<DataFile> WriteAsync(string name, Stream content, CancellationToken cancellationToken);
}

/// <summary>A file of a data set.</summary>
/// <param name="Name">Its full name.</param>
/// <param name="LengthBytes">Its size.</param>
/// <param name="Version">Changes whenever its content does: a blob's ETag, or a file's size and time.</param>
public sealed record DataFile(string Name, long LengthBytes, string Version)
{
    /// <summary>The last part of the name.</summary>
    public string FileName => Name[(Name.LastIndexOf('/') + 1)..];

    /// <summary>Why it cannot be read, as a link that leads nowhere; null: it can.</summary>
    public string? Unread { get; init; }

    /// <summary>Whether it is an empty folder.</summary>
    public bool IsEmptyFolder => Name.EndsWith('/');

    /// <summary>The name up to and with its last slash.</summary>
    public string Folder => Name[..(Name.LastIndexOf('/') + 1)];

    /// <summary>Its name below a folder, or below that of a <c>prefix*</c>.</summary>
    public string RelativeTo(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        string start = folder[..(folder.LastIndexOf('/') + 1)];
        // A listing may spell the folder in full, where the user did not.
        if (start.Length == 0 || !Name.StartsWith(start, StringComparison.Ordinal))
            start = Path.GetFullPath(start.Length == 0 ? "." : start).TrimEnd('/') + "/";
        return Name[start.Length..];
    }
}
