using HrNetBatch.Model.Imaging;
using HrNetBatch.Model.Native;
using HrNetBatch.Model.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Tests.Training;

/// <summary>Losses, mixing and the division of batches, held against numbers of PyTorch and against their formulas.</summary>
public sealed class TrainingLossTests
{
    public TrainingLossTests() => LibTorch.Load();

    [Fact]
    public void Distillation_IsHalfTheSymmetricDivergence()
    {
        using var scope = NewDisposeScope();
        double[] p = [0.7, 0.2, 0.1], q = [0.1, 0.3, 0.6];
        double expected = p.Zip(q, (a, b) => a * Math.Log(a / b) + b * Math.Log(b / a)).Sum() / 2;

        Tensor loss = TrainingLoss.Distillation(tensor(p.Select(x => Math.Log(x)).ToArray()).reshape(1, 3).to(float32), tensor(q.Select(x => Math.Log(x)).ToArray()).reshape(1, 3).to(float32));

        Assert.Equal(expected, loss.ToDouble(), 1e-6);
    }

    [Fact]
    public void CrossEntropy_OfMixedImages_IsThatOfTheirMixedSmoothedTargets()
    {
        using var scope = NewDisposeScope();
        const double Share = 0.3, Smoothing = 0.1;
        Tensor logits = tensor([1f, -2f, 0.5f, 0f, 3f, 1f]).reshape(2, 3);
        var targets = new Targets(tensor([0L, 2L]), tensor([2L, 1L]), Share);
        Tensor soft = (one(targets.Labels) * Share + one(targets.OtherLabels!) * (1 - Share)) * (1 - Smoothing) + Smoothing / 3;
        Tensor expected = -(soft * logits.log_softmax(1)).sum(1).mean();

        Assert.Equal(expected.ToDouble(), TrainingLoss.CrossEntropy(logits, targets, Smoothing).ToDouble(), 1e-6);

        static Tensor one(Tensor labels) => nn.functional.one_hot(labels, 3).to(float32);
    }

    [Fact]
    public void CutMix_TakesABoxFromTheImageBefore_AndTellsItsShare()
    {
        using var scope = NewDisposeScope();
        var options = new TrainingOptions { CutMixAlpha = 1, Seed = 5 };
        for (long step = 0; step < 20; step++)
        {
            Tensor images = arange(4, float32).reshape(4, 1, 1, 1).expand(4, 3, 32, 32).clone();
            (Tensor mixed, Targets targets) = BatchMixing.Apply(options, step, images, arange(4, int64));

            for (int image = 0; image < 4; image++)
            {
                int before = (image + 3) % 4;
                double own = mixed[image].eq(image).to(float64).mean().ToDouble(), others = mixed[image].eq(before).to(float64).mean().ToDouble();
                Assert.Equal(1, own + others, 1e-9);
                Assert.Equal(targets.Share, own, 1e-9);
                Assert.Equal(before, targets.OtherLabels![image].ToInt64());
            }
        }
    }

    [Fact]
    public void Mixup_BlendsWithTheImageBefore()
    {
        using var scope = NewDisposeScope();
        Tensor images = arange(3, float32).reshape(3, 1, 1, 1).expand(3, 3, 32, 32).clone();

        (Tensor mixed, Targets targets) = BatchMixing.Apply(new TrainingOptions { MixupAlpha = 0.8 }, 3, images, arange(3, int64));

        Assert.InRange(targets.Share, 0, 1);
        for (int image = 0; image < 3; image++)
            Assert.Equal(targets.Share * image + (1 - targets.Share) * ((image + 2) % 3), mixed[image, 0, 0, 0].ToDouble(), 1e-5);
    }

    [Theory]
    [InlineData(0.2)]
    [InlineData(1.0)]
    [InlineData(4.0)]
    public void Beta_HasItsMeanAndVariance(double alpha)
    {
        var random = SplitMix64.For(9);
        double[] drawn = [.. Enumerable.Range(0, 20_000).Select(_ => Beta.Draw(alpha, ref random))];

        double variance = 1 / (4 * (2 * alpha + 1));
        Assert.Equal(0.5, drawn.Average(), 0.01);
        Assert.Equal(variance, drawn.Average(x => (x - 0.5) * (x - 0.5)), 0.05 * variance);
    }

    [Theory]
    [InlineData(128, null, 2)]
    [InlineData(128, 32, 2)]
    [InlineData(128, 1, 1)]   // asked for
    [InlineData(1, null, 1)]
    public void MicroBatches_OfOneImage_AreNoneUnlessAskedFor(int batch, int? micro, int expected)
    {
        var options = new TrainingOptions { BatchSize = batch, MicroBatchSize = micro };

        Assert.Equal(expected, MicroBatches.LeastCount(options));
        for (int images = 2; images <= batch; images++)
            Assert.All(MicroBatches.Of(options, images, MicroBatches.LeastCount(options)), part => Assert.True(part.Count >= expected, $"{images}"));
    }

    [Theory]
    [InlineData(128, null, 100, 1, new[] { 100 })]
    [InlineData(128, 32, 128, 1, new[] { 32, 32, 32, 32 })]
    [InlineData(128, 32, 100, 1, new[] { 25, 25, 25, 25 })]
    [InlineData(128, 32, 10, 1, new[] { 3, 3, 3, 1 })]
    [InlineData(128, 32, 10, 2, new[] { 3, 3, 4 })]
    [InlineData(128, 32, 3, 2, new[] { 3 })]
    public void MicroBatches_AreThoseOfDataParallel(int batch, int? micro, int images, int least, int[] expected) =>
        Assert.Equal(expected, MicroBatches.Of(new TrainingOptions { BatchSize = batch, MicroBatchSize = micro }, images, least).Select(part => part.Count));
}
