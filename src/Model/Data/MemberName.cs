namespace HrNetBatch.Model.Data;

/// <summary>WebDataset's reading of a member's path: key, first dot of the file name, extension.</summary>
internal readonly record struct MemberName(string Key, string Extension)
{
    /// <summary>Splits a path; null for names without a key or an extension and for metadata (<c>__name__</c>), which are skipped.</summary>
    public static MemberName? Parse(string path)
    {
        if (path.Split('/').Any(part => part.Length >= 4 && part.StartsWith("__", StringComparison.Ordinal) && part.EndsWith("__", StringComparison.Ordinal)))
            return null;
        int file = path.LastIndexOf('/') + 1;
        int dot = path.IndexOf('.', file);
        return dot <= file || dot == path.Length - 1 ? null : new MemberName(path[..dot], path[(dot + 1)..].ToLowerInvariant());
    }
}
