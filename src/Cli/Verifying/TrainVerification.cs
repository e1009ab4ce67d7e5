using System.Text.Json;
using HrNetBatch.Cli.Inspecting;
using HrNetBatch.Cli.Output;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Checkpoints;
using TorchSharp;
using static System.FormattableString;

namespace HrNetBatch.Cli.Verifying;

/// <summary>Shows that the checkpoints of a finished train job are whole, of one network, and what its log says of them.</summary>
internal sealed class TrainVerification(BlobStore blobs, Job job, IReadOnlyList<MetricPoint> metrics)
{
    private readonly Verification _found = new();
    private readonly JsonElement _result = job.Result!.Value;

    /// <summary>Looks at everything.</summary>
    /// <exception cref="BlobException">Storage does not answer.</exception>
    public async Task<Verification> RunAsync(CancellationToken cancellation)
    {
        using Checkpoint? whole = await OpenAsync("checkpoint", cancellation), best = await OpenAsync("best", cancellation), final = await OpenAsync("final", cancellation);
        HrNetShape[] shapes = [.. new[] { whole, best, final }.OfType<Checkpoint>().Select(Shape).OfType<HrNetShape>().Distinct()];
        if (shapes.Length > 1)
            _found.Find($"The checkpoints are of different networks: {string.Join("; ", shapes.Select(shape => Invariant($"{shape.VariantName} of {shape.ClassCount} classes")))}");
        else if (shapes.Length == 1)
            _found.Facts.Add($"all are of {shapes[0].VariantName} with {Words.Count(shapes[0].ClassCount)} classes, and finite");
        foreach (Checkpoint other in new[] { best, final }.OfType<Checkpoint>().Where(other => whole is not null && !Same(whole.Card?.Labels, other.Card?.Labels)))
            _found.Find($"{other.Name} names other classes than {whole!.Name}");
        if (whole is not null)
            CompareWithLog(whole);
        if (whole is not null && final is not null)
            CompareWeights(whole, final);
        return _found;
    }

    private async Task<Checkpoint?> OpenAsync(string field, CancellationToken cancellation)
    {
        BlobPath path = BlobPath.Parse(_result.GetProperty(field).GetString()!);
        try
        {
            await using FileStream file = await blobs.DownloadToTemporaryFileAsync(path, cancellation: cancellation);
            Checkpoint checkpoint = CheckpointReader.Read(file, $"{path}");
            _found.Facts.Add($"{path}: {Words.Bytes(checkpoint.Bytes)}, SHA-256 {checkpoint.Sha256}");
            foreach (string tensor in WeightFacts.Of(checkpoint, withTensors: false).NonFinite)
                _found.Find($"{path}: {tensor} holds infinities or no numbers");
            return checkpoint;
        }
        catch (BlobException missing) when (missing.IsMissing)
        {
            _found.Find($"{path} is gone");
        }
        catch (CheckpointException damaged)
        {
            _found.Find(damaged.Message);
        }
        return null;
    }

    private HrNetShape? Shape(Checkpoint checkpoint)
    {
        try
        {
            return HrNetShape.Recognize(checkpoint.StateDict);
        }
        catch (ArgumentException fault)
        {
            _found.Find($"{checkpoint.Name}: {fault.Message}");
            return null;
        }
    }

    private void CompareWithLog(Checkpoint whole)
    {
        var resume = whole.Extra?["resume"] as CheckpointDictionary;
        _found.Expect($"{job.Id:D}", resume?["owner"]?.AsText(), $"{whole.Name}: the job that wrote it");
        _found.Expect(_result.GetProperty("epochs").GetInt64(), resume?["epoch"]?.AsInteger() ?? -1, $"{whole.Name}: epochs, against the job's result");
        long lastStep = metrics.Where(point => point.Name == "train_loss").Select(point => point.Step).DefaultIfEmpty().Max();
        if (resume?["step"]?.AsInteger() is not { } step || step < lastStep)
            _found.Find(Invariant($"{whole.Name} stands at step {resume?["step"]?.AsInteger() ?? 0}, and the log goes to step {lastStep}"));
        else
            _found.Facts.Add(Invariant($"{_result.GetProperty("epochs").GetInt64()} epochs and {step} steps, as the log says"));

        double[] validated = [.. metrics.Where(point => point.Name == "valid_top1").Select(point => point.Value)];
        double? top1 = _result.TryGetProperty("top1", out JsonElement told) && told.ValueKind == JsonValueKind.Number ? told.GetDouble() : null;
        _found.Expect(validated.Length == 0 ? null : validated.Max(), top1, "Top-1 of the result, against the best of its curve");
        _found.Expect(top1, (resume?["best"] as CheckpointDictionary)?["top1"]?.AsNumber(), $"{whole.Name}: best top-1, against the job's result");
        if (top1 is not null)
            _found.Facts.Add(Invariant($"top-1 {top1:0.####}: the curve, the result and the checkpoint agree"));
    }

    private static bool Same(IReadOnlyList<string>? one, IReadOnlyList<string>? other) => (one ?? []).SequenceEqual(other ?? [], StringComparer.Ordinal);

    private static bool Same(torch.Tensor one, torch.Tensor other) =>
        one.dtype == other.dtype && one.shape.SequenceEqual(other.shape) && one.eq(other).all().item<bool>();

    private void CompareWeights(Checkpoint whole, Checkpoint final)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        string[] names = [.. whole.StateDict.Keys.Union(final.StateDict.Keys)];
        string[] different = [.. names.Where(name => !whole.StateDict.TryGetValue(name, out torch.Tensor? one) || !final.StateDict.TryGetValue(name, out torch.Tensor? other) || !Same(one, other))];
        if (different.Length > 0)
            _found.Find($"{final.Name} has other weights than {whole.Name}: {different.Length} of {names.Length} tensors, {different[0]} the first");
        else
            _found.Facts.Add($"{names.Length} tensors of the final weights are bit for bit those of the checkpoint");
    }
}
