using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Evaluation;
using HrNetBatch.Model.Tests.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Tests.Evaluation;

public sealed class EvaluatorTests
{
    private static readonly float[] Logits = [7, 6, 5, 4, 3, 2, 1, 0];

    /// <summary>A classifier without weights answers every image with its biases, so that all numbers can be worked out by hand.</summary>
    [Fact]
    public async Task Evaluate_IsTheMeanOverAllImages_WhateverTheBatches()
    {
        using HrNet network = ConstantNetwork();
        Shards shards = await Shards.CreateAsync(5, 3);   // labels 0 to 7, each once

        EvaluationResult result = await EvaluateAsync(network, shards, batchSize: 3);

        // log Σ e^(logit) − mean logit of the labels; label 0 is first, labels 0 to 4 are among the first five.
        double expectedLoss = Math.Log(Logits.Sum(logit => Math.Exp(logit))) - Logits.Average(logit => (double)logit);
        Assert.Equal(8, result.Count);
        Assert.Equal(expectedLoss, result.Loss, 1e-5);
        Assert.Equal(1 / 8.0, result.Top1);
        Assert.Equal(5 / 8.0, result.Top5);
    }

    [Fact]
    public async Task Report_CountsClassesConfusionAndCalibration()
    {
        using HrNet network = ConstantNetwork();   // always takes class 0 with the same probability
        double confidence = Math.Exp(Logits[0]) / Logits.Sum(logit => Math.Exp(logit));

        EvaluationReport report = await ReportAsync(network, await Shards.CreateAsync(5, 3), new EvaluationOptions { ThreadCount = 2, MistakeCount = 3 });

        Assert.Equal([.. Enumerable.Range(0, 8).Select(label => new ConfusionCell(label, 0, 1))], report.Confusion.Cells);
        Assert.Equal(new ClassAccuracy(0, 1, 1, 1, 8), report.Classes[0]);
        Assert.Equal(new ClassAccuracy(4, 1, 0, 1, 0), report.Classes[4]);
        Assert.Equal((1, 1, 1 / 8.0), (report.Classes[0].Top1, report.Classes[4].Top5, report.Classes[0].Precision));
        Assert.Null(report.Classes[4].Precision);
        Assert.Equal(confidence - 1 / 8.0, report.Calibration.Error, 1e-6);
        Assert.Equal(8, Assert.Single(report.Calibration.Bins, bin => bin.Count > 0).Count);
        Assert.Equal((4, 7 / 8.0, 3 / 8.0), (report.BatchCount, report.Result.Error1, report.Result.Error5));
        Assert.True(report.ImagesPerSecond > 0);
    }

    [Fact]
    public async Task Report_KeepsTheWorstMistakes_WithTheirImages()
    {
        using HrNet network = ConstantNetwork();

        EvaluationReport report = await ReportAsync(network, await Shards.CreateAsync(5, 3), new EvaluationOptions { MistakeCount = 3 });

        Assert.Equal([7, 6, 5], report.Mistakes.Select(mistake => mistake.Label));   // the smaller the logit of its class, the worse
        Assert.Equal(["00007", "00006", "00005"], report.Mistakes.Select(mistake => mistake.Sample.Key));
        Assert.Equal("shard-0001.tar", report.Mistakes[0].Sample.Shard);
        Assert.All(report.Mistakes, mistake => Assert.Equal(Images.Jpeg(mistake.Label), mistake.Image));
        Assert.All(report.Mistakes, mistake => Assert.Equal(0, mistake.Predicted));
        Assert.Equal(Math.Log(Logits.Sum(logit => Math.Exp(logit))), report.Mistakes[0].Loss, 1e-5);
    }

    [Fact]
    public async Task Report_AveragesTheProbabilitiesOfAnImageAndItsMirrorImage()
    {
        using var network = new HrNet(HrNetVariant.Parse("w18_small_v1"), 8, seed: 3);
        network.eval();
        Shards shards = await Shards.CreateAsync(4);
        double expectedLoss = 0;
        await foreach (Batch batch in Loader(shards, batchSize: 4).ReadAsync(epoch: 0, cancellationToken: TestContext.Current.CancellationToken))
        {
            using Batch _ = batch;
            using var noGradients = no_grad();
            using var scope = NewDisposeScope();
            Tensor mean = (network.call(batch.Images).softmax(1) + network.call(batch.Images.flip(3)).softmax(1)) / 2;
            expectedLoss = nn.functional.nll_loss(mean.log(), batch.Labels).ToDouble();
        }

        EvaluationReport plain = await ReportAsync(network, shards, new EvaluationOptions()), averaged = await ReportAsync(network, shards, new EvaluationOptions { AveragesFlip = true });

        Assert.Equal(expectedLoss, averaged.Result.Loss, 1e-4);
        Assert.NotEqual(plain.Result.Loss, averaged.Result.Loss, 1e-4);
    }

    [Fact]
    public async Task Report_JudgesOnlyImagesWithRightAnswers_ByTheMultiLabels()
    {
        using HrNet network = ConstantNetwork();   // best five: 0, 1, 2, 3, 4
        MultiLabels labels = MultiLabels.Read("""{"00000": [3, 0], "00001": [4], "00002": [6, 7], "00003": []}"""u8.ToArray(), "real.json");

        EvaluationReport report = await ReportAsync(network, await Shards.CreateAsync(5), new EvaluationOptions { MultiLabels = labels });

        Assert.Equal(new MultiLabelAccuracy(1 / 3.0, 2 / 3.0, 3), report.MultiLabels);
        Assert.Equal(1 / 5.0, report.Result.Top1);   // the labels' own accuracy is what it is
    }

    [Fact]
    public async Task Report_RefusesMultiLabelsOfOtherImages()
    {
        using HrNet network = ConstantNetwork();
        MultiLabels labels = MultiLabels.Read("""{"elsewhere": [1]}"""u8.ToArray(), "real.json");

        var refused = await Assert.ThrowsAsync<EvaluationException>(async () => await ReportAsync(network, await Shards.CreateAsync(3), new EvaluationOptions { MultiLabels = labels }));

        Assert.Contains("other images", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Evaluate_LeavesTheNetworkAsItIs()
    {
        using HrNet network = ConstantNetwork();
        using Tensor before = network.state_dict()["bn1.running_mean"].clone();
        network.train();

        await EvaluateAsync(network, await Shards.CreateAsync(2), batchSize: 2);

        Assert.True(before.eq(network.state_dict()["bn1.running_mean"]).all().ToBoolean());
        Assert.True(network.training);
    }

    [Fact]
    public async Task Evaluate_AgreesWithTheNetworkItself_OnAnyNumberOfThreads()
    {
        using var network = new HrNet(HrNetVariant.Parse("w18_small_v1"), 8, seed: 3);
        network.eval();
        Shards shards = await Shards.CreateAsync(4, 3);
        double expectedLoss = 0;
        await foreach (Batch batch in Loader(shards, batchSize: 2).ReadAsync(epoch: 0, cancellationToken: TestContext.Current.CancellationToken))
        {
            using Batch _ = batch;
            using var noGradients = no_grad();
            using Tensor logits = network.call(batch.Images);
            using Tensor loss = nn.functional.cross_entropy(logits, batch.Labels, reduction: nn.Reduction.Sum);
            expectedLoss += loss.ToDouble() / 7;
        }

        EvaluationResult alone = await EvaluateAsync(network, shards, batchSize: 2, threadCount: 1);
        EvaluationResult together = await EvaluateAsync(network, shards, batchSize: 2, threadCount: 3);

        Assert.Equal(expectedLoss, alone.Loss, 1e-4);
        Assert.Equal(alone, together);
    }

    [Fact]
    public async Task Evaluate_EndsWithTheFault_WhenABatchCannotBeMeasured()
    {
        using HrNet network = ConstantNetwork();   // 8 classes; the shard's last label is 8

        await Assert.ThrowsAnyAsync<Exception>(async () => await EvaluateAsync(network, await Shards.CreateAsync(9), batchSize: 2, threadCount: 2));
    }

    [Fact]
    public void Count_TakesAllClasses_WhereThereAreFewerThanFive()
    {
        using Tensor logits = tensor(new[,] { { 0.1f, 0.9f, 0f }, { 0.8f, 0.1f, 0.1f } });
        using Tensor labels = tensor(new[] { 1L, 2L });
        Assert.Equal((1, 2), Accuracy.Count(logits, labels));
    }

    private static HrNet ConstantNetwork()
    {
        var network = new HrNet(HrNetVariant.Parse("w18_small_v1"), Logits.Length);
        using var noGradients = no_grad();
        network.state_dict()["classifier.weight"].zero_();
        network.state_dict()["classifier.bias"].copy_(tensor(Logits));
        return network;
    }

    private static Task<EvaluationResult> EvaluateAsync(HrNet network, Shards shards, int batchSize, int threadCount = 2)
    {
        CancellationToken cancelled = TestContext.Current.CancellationToken;
        return Evaluator.EvaluateAsync(network, Loader(shards, batchSize).ReadAsync(epoch: 0, cancellationToken: cancelled), threadCount, cancelled);
    }

    private static Task<EvaluationReport> ReportAsync(HrNet network, Shards shards, EvaluationOptions options)
    {
        CancellationToken cancelled = TestContext.Current.CancellationToken;
        return Evaluator.ReportAsync(network, Loader(shards, batchSize: 2).ReadAsync(epoch: 0, cancellationToken: cancelled), options with { ThreadCount = 2 }, cancelled);
    }

    private static BatchLoader Loader(Shards shards, int batchSize) =>
        new(shards.Names, shards.OpenAsync, new BatchLoaderOptions { BatchSize = batchSize, ImageSize = 32, ThreadCount = 1, KeepsEncodedImages = true });
}
