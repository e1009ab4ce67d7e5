using System.Globalization;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Training;
using TorchSharp;

namespace HrNetBatch.Benchmarks.Training;

/// <summary>What a run holds in memory while it makes thousands of steps, and saves itself every hundred.</summary>
internal static class Memory
{
    private const int BatchSize = 8, ImageSize = 32, StepCount = 2000, StepsBetweenSaves = 100;

    /// <summary>Prints the resident memory of this process after each save, in MiB.</summary>
    public static async Task MeasureAsync(string variant, int threads)
    {
        using var network = new HrNet(HrNetVariant.Parse(variant), 1000);
        network.ToChannelsLast();
        var options = new TrainingOptions { BatchSize = BatchSize, MicroBatchSize = BatchSize / threads, LearningRate = 0.001, EmaDecay = 0.99 };
        using var trainer = new Trainer(network, options, threadCount: threads);
        var card = new ModelCard(variant, ImageSize, []);
        Console.WriteLine("| steps | MiB |\n|---|---|");
        await foreach (TrainingStep step in trainer.TrainEpochAsync(Batches()))
        {
            if (step.Position.Step % StepsBetweenSaves != 0)
                continue;
            await Task.Run(() =>   // on any thread, as a worker does
            {
                using FileStream file = File.Create(Path.GetTempFileName(), 1 << 16, FileOptions.DeleteOnClose);
                CheckpointWriter.Write(file, TrainingSnapshot.Capture(trainer, card, owner: "benchmark", []).ToValue());
                file.Position = 0;
                CheckpointReader.Read(file, "what was written").Dispose();
            });
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {step.Position.Step} | {Environment.WorkingSet >> 20} |"));
        }
    }

    private static async IAsyncEnumerable<Batch> Batches()
    {
        for (int step = 0; step < StepCount; step++)
            yield return await Task.Run(() => Batch.Of(torch.rand(BatchSize, 3, ImageSize, ImageSize), torch.arange(BatchSize, torch.int64)));
    }
}
