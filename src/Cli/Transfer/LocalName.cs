using HrNetBatch.Jobs.Blobs;

namespace HrNetBatch.Cli.Transfer;

/// <summary>Where a blob's name leads on this machine: always into the folder that was named.</summary>
internal static class LocalName
{
    /// <summary>The file of a blob in a folder.</summary>
    /// <param name="folder">The folder that was named.</param>
    /// <param name="name">The blob's name inside what is downloaded.</param>
    /// <exception cref="UserException">The name would lead out of the folder, or is no file's.</exception>
    public static string Inside(string folder, string name)
    {
        string? fault = BlobName.Fault(name)
            ?? (name.Split('/').Contains("") ? "has an empty part, which no file's name has" : null)
            ?? (name.Except(['/']).Intersect(Path.GetInvalidFileNameChars()).Any() ? "holds a sign that no file's name may have here" : null);
        string root = Path.GetFullPath(folder), path = fault is null ? Path.GetFullPath(Path.Combine(root, name)) : "";
        if (fault is null && !path.StartsWith(Path.TrimEndingDirectorySeparator(root) + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            fault = "leads out of the folder";
        return fault is null ? path : throw new UserException(
            $"The blob '{BlobName.Shown(name)}' cannot be a file in {root}: its name {fault}. Store it under another name, or read it where it is.");
    }
}
