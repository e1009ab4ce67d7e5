using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using HrNetBatch.Simulator.Blobs;

namespace HrNetBatch.Simulator.Checking;

/// <content>Units, rows and manifests: each image of a job has one row, wherever the job stands.</content>
internal sealed partial class Checker
{
    private const string OutputContainer = "out";

    private void CheckUnits(Snapshot before, Snapshot after, string by)
    {
        foreach (PlanRow plan in after.Plans)
        {
            List<UnitRow> units = [.. after.Units.Where(unit => unit.Job == plan.Job)];
            List<UnitRow> were = [.. before.Units.Where(unit => unit.Job == plan.Job)];
            List<FailedRow> failed = [.. after.Failed.Where(item => item.Job == plan.Job)];
            if (plan == before.Plans.FirstOrDefault(was => was.Job == plan.Job) && units.SequenceEqual(were) && failed.SequenceEqual(before.Failed.Where(item => item.Job == plan.Job))) continue;

            if (!units.Select(unit => unit.Index).SequenceEqual(Enumerable.Range(0, plan.NextUnit)))
                throw Broken("units are numbered", $"{Name(plan.Job)} has {string.Join(", ", units.Select(unit => unit.Index))} of {plan.NextUnit} after {by}");
            foreach (UnitRow unit in units.Where(unit => unit.IsCommitted))
            {
                if (unit.RowCount + unit.FailedCount != unit.ItemCount)
                    throw Broken("unit totals are their units'", $"unit {unit.Index} of {Name(plan.Job)} has {unit.RowCount} rows and {unit.FailedCount} failures for {unit.ItemCount} items after {by}");
                if (were.Find(was => was.Index == unit.Index) is { IsCommitted: true } was && (was.Part, was.RowCount, was.Token) != (unit.Part, unit.RowCount, unit.Token))
                    throw Broken("a committed unit stays", $"unit {unit.Index} of {Name(plan.Job)}, {was}, became {unit} after {by}");
            }
            long items = units.Sum(unit => unit.ItemCount - (unit.Round < plan.Round ? unit.FailedCount ?? 0 : 0));
            if (items != plan.ItemCount) throw Broken("unit totals are their units'", $"{Name(plan.Job)} plans {plan.ItemCount} items, and its units have {items} after {by}");
            int failedOfRound = units.Where(unit => unit.Round == plan.Round).Sum(unit => unit.FailedCount ?? 0), noted = failed.Count(item => item.Round == plan.Round && item.Unit is null);
            if (failedOfRound != noted) throw Broken("unit totals are their units'", $"{Name(plan.Job)} counts {failedOfRound} failed items, and {noted} are noted after {by}");
            CheckItems(plan, units, failed, by);
        }
    }

    // Each image that was planned is in one place: in an open unit, in the part of a committed one, or among the failed items.
    private void CheckItems(PlanRow plan, List<UnitRow> units, List<FailedRow> failed, string by)
    {
        if (!world.Inputs.TryGetValue(plan.Job, out Input? input)) return;
        List<string> names = [.. failed.Where(item => item.Round == plan.Round && item.Unit is null).Select(item => item.Name)];
        foreach (UnitRow unit in units)
        {
            if (!unit.IsCommitted) names.AddRange(Unpack(unit.Items));
            else if (unit.Part is not null) names.AddRange(RowsOf(world.OutputOf(plan.Job) + unit.Part, by).Select(row => row.Name));
        }
        RequireOnce(plan.Job, names, input, isAll: plan.IsComplete, by);
    }

    private void RequireOnce(Guid job, List<string> names, Input input, bool isAll, string by)
    {
        var seen = new HashSet<string>();
        foreach (string name in names)
        {
            if (!seen.Add(name)) throw Broken("one row per item", $"'{name}' of {Name(job)} is there twice after {by}");
            if (!input.Images.ContainsKey(name)) throw Broken("one row per item", $"'{name}' is no image of {Name(job)} after {by}");
        }
        if (isAll && seen.Count != input.Images.Count)
            throw Broken("one row per item", $"{Name(job)} lacks {string.Join(", ", input.Images.Keys.Except(seen))} after {by}");
    }

    /// <summary>Wherever a manifest is, all that it lists is there and whole, at every moment.</summary>
    public void CheckBlobs(BlobRequest request)
    {
        if (request.Container != OutputContainer || request.Method is "GET" or "HEAD") return;
        foreach ((string name, MemoryBlob blob) in world.Blobs.Container(OutputContainer))
        {
            if (name.EndsWith("/manifest.json", StringComparison.Ordinal)) CheckManifest(name[..^"manifest.json".Length], blob, request.Text);
        }
    }

    private void CheckManifest(string output, MemoryBlob blob, string by)
    {
        using JsonDocument manifest = JsonDocument.Parse(blob.Content);
        Guid job = manifest.RootElement.GetProperty("job").GetGuid();
        List<string> names = [];
        foreach (JsonElement part in manifest.RootElement.GetProperty("parts").EnumerateArray())
        {
            string name = output + part.GetProperty("name").GetString();
            List<(string Name, bool IsFailed)> rows = RowsOf(name, by);
            if (Convert.ToHexStringLower(SHA256.HashData(world.Blobs.Container(OutputContainer)[name].Content)) != part.GetProperty("sha256").GetString())
                throw Broken("a manifest's parts are whole", $"'{name}' is another after {by}");
            names.AddRange(rows.Select(row => row.Name));
        }
        RequireOnce(job, names, world.Inputs[job], isAll: true, by);
    }

    private List<(string Name, bool IsFailed)> RowsOf(string part, string by)
    {
        if (!world.Blobs.Container(OutputContainer).TryGetValue(part, out MemoryBlob? blob)) throw Broken("a manifest's parts are whole", $"'{part}' is gone after {by}");
        List<(string, bool)> rows = [];
        foreach (string line in Encoding.UTF8.GetString(blob.Content).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using JsonDocument row = JsonDocument.Parse(line);
            rows.Add((row.RootElement.GetProperty("name").GetString()!, row.RootElement.GetProperty("error").ValueKind != JsonValueKind.Null));
        }
        return rows;
    }

    private static IEnumerable<string> Unpack(string items)
    {
        using var zip = new GZipStream(new MemoryStream(Convert.FromBase64String(items)), CompressionMode.Decompress);
        using JsonDocument list = JsonDocument.Parse(zip);
        return [.. list.RootElement.EnumerateArray().Select(item => item.GetProperty("name").GetString()!)];
    }
}
