using System.Text;
using System.Text.Json;
using HrNetBatch.Cli.Output;
using HrNetBatch.Cli.Watching;
using HrNetBatch.Jobs.Blobs;
using Microsoft.Extensions.DependencyInjection;

namespace HrNetBatch.Cli.Demo;

/// <summary>What the demo ended with, counted from the rows that the classify job wrote.</summary>
/// <param name="ValidatedAccuracy">Top-1 by the validate job.</param>
/// <param name="ClassifiedAccuracy">Top-1 by the classify job's rows.</param>
/// <param name="RowCount">Rows in all parts.</param>
/// <param name="Faults">What is wrong; empty when all is well.</param>
internal sealed record DemoResult(double ValidatedAccuracy, double ClassifiedAccuracy, int RowCount, IReadOnlyList<string> Faults)
{
    // Validation and classification see the same pixels through the same weights; only the folding of the weights rounds differently.
    private const double LargestDifference = 0.005;

    /// <summary>Reads the rows and checks them.</summary>
    public static async Task<DemoResult> ReadAsync(
        IServiceProvider services, JobFeed feed, IReadOnlyList<string> labels, IReadOnlyList<EmojiImage> images, CancellationToken cancellation)
    {
        JsonElement validated = ResultOf(feed, "validate"), classified = ResultOf(feed, "classify");
        double accuracy = validated.GetProperty("top1").GetDouble();
        if (accuracy > 1) accuracy /= 100;   // in per cent, as the original prints it
        var blobs = services.GetRequiredService<BlobStore>();
        BlobPath manifestPath = BlobPath.Parse(classified.GetProperty("manifest").GetString()!);
        using var manifest = JsonDocument.Parse((await blobs.ReadAsync(manifestPath, cancellation: cancellation)).Bytes);

        var expected = images.ToDictionary(image => image.Name, image => labels[image.Class], StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var faults = new List<string>();
        int rightCount = 0, rowCount = 0;
        foreach (JsonElement part in manifest.RootElement.GetProperty("parts").EnumerateArray())
        {
            BlobPath path = manifestPath with { Name = manifestPath.Name[..^manifestPath.FileName.Length] + part.GetProperty("name").GetString() };
            string text = Encoding.UTF8.GetString((await blobs.ReadAsync(path, cancellation: cancellation)).Bytes);
            foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                using var row = JsonDocument.Parse(line);
                rowCount++;
                string name = Path.GetFileNameWithoutExtension(row.RootElement.GetProperty("name").GetString()!);
                if (!seen.Add(name)) faults.Add($"{name} has two rows.");
                if (!expected.TryGetValue(name, out string? label)) faults.Add($"{name} was never uploaded.");
                if (row.RootElement.GetProperty("error").GetString() is { } error) faults.Add($"{name} failed: {error}");
                else if (row.RootElement.GetProperty("predictions")[0].GetProperty("label").GetString() == label) rightCount++;
            }
        }
        if (seen.Count != expected.Count) faults.Add($"{seen.Count} of {Words.Count(expected.Count, "image")} have a row.");
        double classifiedAccuracy = (double)rightCount / expected.Count;
        if (accuracy <= DemoRecipe.Baseline)
            faults.Add($"The accuracy of {Words.Value(accuracy)} is not above the nearest neighbour's {DemoRecipe.Baseline}, which this recipe is expected to beat.");
        if (Math.Abs(accuracy - classifiedAccuracy) > LargestDifference)
            faults.Add($"The validate job counts {Words.Value(accuracy)}, the classify job's rows give {Words.Value(classifiedAccuracy)}.");
        return new DemoResult(accuracy, classifiedAccuracy, rowCount, faults);
    }

    private static JsonElement ResultOf(JobFeed feed, string kind) =>
        feed.Watched.FirstOrDefault(watched => watched.Job.Kind == kind)?.Job.Result
        ?? throw new UserException($"The {kind} job did not run; `hrnet status` shows the jobs.");
}
