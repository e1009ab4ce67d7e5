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

    private static BatchLoader Loader(Shards shards, int batchSize) =>
        new(shards.Names, shards.OpenAsync, new BatchLoaderOptions { BatchSize = batchSize, ImageSize = 32, ThreadCount = 1 });
}
