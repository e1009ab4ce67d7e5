using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds.Classify.Parts;
using HrNetBatch.Kinds.Execution;

namespace HrNetBatch.Kinds.Classify;

/// <summary>One attempt at a classify job with its paths read: what every step of the handler works on.</summary>
internal sealed record ClassifyJob(AttemptContext Attempt, ClassifyArguments Arguments)
{
    /// <summary>The files beside the parts: whose output it is, and what is in it.</summary>
    public const string ClaimName = "job.json", ManifestName = "manifest.json";

    public Guid Id => Lease.JobId;
    public Lease Lease { get; } = Attempt.Lease;
    public BlobPath Input { get; } = BlobPath.Parse(Arguments.Input);
    public BlobPath Output { get; } = BlobPath.Parse(Arguments.Output);
    public PartFormat Format { get; } = PartFormats.Parse(Arguments.Format);

    public BlobPath Claim => Output.Combine(ClaimName);
    public BlobPath Manifest => Output.Combine(ManifestName);
    public BlobPath Parts => Output.Combine(PartName.Folder);

    public static ClassifyJob Of(AttemptContext attempt) => new(attempt, attempt.ArgumentsAs<ClassifyArguments>());

    /// <summary>The name of a unit's part in the output folder.</summary>
    public string NameOfPart(int unit) => PartName.OfUnit(Id, unit, Lease.Token, Format);

    /// <summary>The name of a part of failed items.</summary>
    public string NameOfErrors(int index, string sha256) => PartName.OfErrors(Id, index, sha256, Format);

    /// <summary>
    /// Whether the listing of an input in the same container would hold what a job writes to an output: then each run would classify the
    /// results of the last.
    /// </summary>
    public static bool WouldListOutput(BlobPath input, BlobPath output) =>
        input.Contains(output.Combine(ClaimName).Name) || input.Contains(output.Combine(ManifestName).Name)
        || new[] { "part-", "errors-" }.Select(start => output.Combine(PartName.Folder + start).Name)
            .Any(start => input.Contains(start) || input.ListingPrefix.StartsWith(start, StringComparison.Ordinal));

    /// <summary>What to say where it would.</summary>
    public static string OutputInInput(BlobPath input, BlobPath output) =>
        $"output: its results in '{output}' would be listed as images of the input '{input}'. Choose an output outside the input, beside it for example";

    /// <summary>A part's or the manifest's name as the manifest writes it: inside the output folder.</summary>
    public string NameInOutput(BlobPath path) => path.Name[Output.ListingPrefix.Length..];
}
