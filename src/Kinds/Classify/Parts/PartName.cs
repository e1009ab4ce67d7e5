using System.Globalization;
using System.Text.RegularExpressions;

namespace HrNetBatch.Kinds.Classify.Parts;

/// <summary>
/// The names of parts in an output folder. They say which job wrote them, so that no job deletes another's:
/// <c>parts/part-000012-JOB-5f0c9a1e.parquet</c> and <c>parts/errors-000000-JOB-9c1d07aa.parquet</c>.
/// </summary>
public static partial class PartName
{
    /// <summary>The folder of the parts in the output folder.</summary>
    public const string Folder = "parts/";

    /// <summary>
    /// The part of a unit. The end of the attempt's token keeps two attempts at one unit apart, so that one never writes over what the
    /// other has committed.
    /// </summary>
    public static string OfUnit(Guid job, int unit, Guid token, PartFormat format) => Of("part", unit, job, token.ToString("N")[^8..], format);

    /// <summary>A part of failed items: by its content, so that whoever finishes the job writes the same.</summary>
    public static string OfErrors(Guid job, int index, string sha256, PartFormat format) => Of("errors", index, job, sha256[..8], format);

    /// <summary>Whether a name is one that a classify job gives to a part, of this program or of one before it, whose parts did not name their job.</summary>
    public static bool IsPart(string name) => Pattern().IsMatch(name);

    /// <summary>The job that a part's name says; null where it is no part's, or says none.</summary>
    public static Guid? JobOf(string name) => Pattern().Match(name).Groups["job"] is { Success: true, Value: var job } ? Guid.ParseExact(job, "N") : null;

    private static string Of(string what, int number, Guid job, string end, PartFormat format) =>
        string.Create(CultureInfo.InvariantCulture, $"{Folder}{what}-{number:D6}-{job:N}-{end}{format.Extension()}");

    [GeneratedRegex(@"^parts/(part|errors)-[0-9]{6,}(-(?<job>[0-9a-f]{32}))?-[0-9a-f]{8}\.(parquet|jsonl|csv)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
