using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Classify.Parts;
using HrNetBatch.Jobs.Execution;
using HrNetBatch.Jobs.Ledger;

namespace HrNetBatch.Jobs.Classify;

/// <summary>One attempt at a classify job with its paths read: what every step of the handler works on.</summary>
internal sealed record ClassifyJob(AttemptContext Attempt, ClassifyArguments Arguments)
{
    private const string PartsFolder = "parts/";

    public Lease Lease { get; } = Attempt.Lease;
    public BlobPath Input { get; } = BlobPath.Parse(Arguments.Input);
    public BlobPath Output { get; } = BlobPath.Parse(Arguments.Output);
    public PartFormat Format { get; } = PartFormats.Parse(Arguments.Format);

    public BlobPath Manifest => Output.Combine("manifest.json");
    public BlobPath Parts => Output.Combine(PartsFolder);

    public static ClassifyJob Of(AttemptContext attempt) => new(attempt, attempt.ArgumentsAs<ClassifyArguments>());

    /// <summary>
    /// The name of a unit's part in the output folder. The end of the attempt's token keeps two attempts at one unit apart, so that one
    /// never writes over what the other has committed.
    /// </summary>
    public string PartName(int unit) => $"{PartsFolder}part-{unit:D6}-{Lease.Token.ToString("N")[^8..]}{Format.Extension()}";

    /// <summary>The name of a part of failed items: by its content, so that whoever finishes the job writes the same.</summary>
    public string ErrorsName(int index, string sha256) => $"{PartsFolder}errors-{index:D6}-{sha256[..8]}{Format.Extension()}";

    /// <summary>Whether a blob in the folder of parts is one that a classify job wrote there; anything else is left alone.</summary>
    public static bool IsPart(BlobPath path) =>
        path.FileName.StartsWith("part-", StringComparison.Ordinal) || path.FileName.StartsWith("errors-", StringComparison.Ordinal);

    /// <summary>A part's or the manifest's name as the manifest writes it: inside the output folder.</summary>
    public string NameInOutput(BlobPath path) => path.Name[Output.ListingPrefix.Length..];
}
