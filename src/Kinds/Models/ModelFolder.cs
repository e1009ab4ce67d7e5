using System.Globalization;
using HrNetBatch.Jobs.Blobs;

namespace HrNetBatch.Kinds.Models;

/// <summary>Where the blobs of one model lie: versions, tags and weights in folders of their own, so that adding needs no number beforehand.</summary>
internal sealed record ModelFolder(BlobPath Path)
{
    private const string Json = ".json";

    public BlobPath Versions => Path.Combine("versions/");

    public BlobPath Tags => Path.Combine("tags/");

    public BlobPath Weights => Path.Combine("weights/");

    // With zeros in front a listing is in the order of the numbers, up to a million of them.
    public BlobPath Version(int number) => Versions.Combine(string.Create(CultureInfo.InvariantCulture, $"{number:D6}{Json}"));

    public BlobPath Tag(string tag) => Tags.Combine(tag + Json);

    /// <summary>The number of a version's file; null for any other blob.</summary>
    public int? NumberOf(BlobPath path) =>
        path.FileName.EndsWith(Json, StringComparison.Ordinal)
        && int.TryParse(path.FileName.AsSpan(0, path.FileName.Length - Json.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
        && Version(number).Name == path.Name ? number : null;

    /// <summary>Whether a name inside the model's folder is one of weights.</summary>
    public bool IsWeights(string name) => name.StartsWith("weights/", StringComparison.Ordinal) && BlobName.Fault(Path.Combine(name).Name) is null;

    /// <summary>A blob's name inside the model's folder.</summary>
    public string NameOf(BlobPath blob) => blob.Name[Path.ListingPrefix.Length..];
}
