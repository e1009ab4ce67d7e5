using System.Diagnostics;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Inference;
using HrNetBatch.Model.Native;
using HrNetBatch.Model.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Evaluation;

/// <summary>Measures a network on labelled batches, as validate() of the original's lib/core/function.py does, but as fast as it classifies: batch norms folded, a batch on each core.</summary>
public static class Evaluator
{
    /// <summary>The original's meters alone; otherwise as <see cref="ReportAsync"/>.</summary>
    /// <param name="network">Its weights, and the device where to measure them.</param>
    /// <param name="batches">Disposed here, as they are used up.</param>
    /// <param name="threadCount">How many batches run at once on a CPU, one thread each. It does not change the result.</param>
    /// <param name="cancellationToken">Stops between two batches.</param>
    /// <exception cref="EvaluationException">There was not one batch.</exception>
    public static async Task<EvaluationResult> EvaluateAsync(
        HrNet network, IAsyncEnumerable<Batch> batches, int threadCount, CancellationToken cancellationToken = default) =>
        (await ReportAsync(network, batches, new EvaluationOptions { ThreadCount = threadCount }, cancellationToken)).Result;

    /// <summary>Runs every batch through the network as it is at the call; the network stays as it is.</summary>
    /// <param name="network">Its weights, and the device where to measure them.</param>
    /// <param name="batches">Disposed here, as they are used up.</param>
    /// <param name="options">What to measure.</param>
    /// <param name="cancellationToken">Stops between two batches.</param>
    /// <exception cref="EvaluationException">There was not one batch, or the multi-labels are not for these images.</exception>
    /// <exception cref="NotFiniteException">The weights, or the logits of an image, are infinities or no numbers.</exception>
    public static async Task<EvaluationReport> ReportAsync(
        HrNet network, IAsyncEnumerable<Batch> batches, EvaluationOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(batches);
        ArgumentNullException.ThrowIfNull(options);
        long start = Stopwatch.GetTimestamp();
        Device device = network.parameters().First().device;
        var replicas = new TorchThreads(device.type == DeviceType.CPU ? options.ThreadCount : 1, threadsEach: 1);
        var running = new Queue<Task<BatchAnswers>>();
        var meters = new EvaluationMeters(network.ClassCount, options);
        FoldedHrNet? folded = null;
        try
        {
            await foreach (Batch batch in batches.WithCancellation(cancellationToken))
            {
                // On a replica's thread, because oneDNN's layout of a weight may depend on the number of threads.
                folded ??= await replicas.RunAsync(() => Fold(network, batch.Images.shape, device), CancellationToken.None);
                running.Enqueue(Start(replicas, folded, batch, options));
                if (running.Count > replicas.Count)
                    meters.Add(await running.Dequeue());
            }
            while (running.TryDequeue(out Task<BatchAnswers>? next)) // in the order of the batches, so that the sum has the same bits every time
                meters.Add(await next);
        }
        finally
        {
            replicas.Dispose(); // waits for those still running
            folded?.Dispose();
        }
        return meters.ToReport(Stopwatch.GetElapsedTime(start));
    }

    private static FoldedHrNet Fold(HrNet network, long[] batchShape, Device device)
    {
        if (FiniteWeights.FirstOther(network.state_dict()) is { } name)
            throw new NotFiniteException($"The weights hold infinities or no numbers, in {name}.");
        return new FoldedHrNet(network.state_dict(), network.Architecture, batchShape, device);
    }

    private static Task<BatchAnswers> Start(TorchThreads replicas, FoldedHrNet network, Batch batch, EvaluationOptions options) =>
        replicas.RunAsync(() => BatchAnswers.Of(network, batch, options.AveragesFlip), CancellationToken.None);
}
