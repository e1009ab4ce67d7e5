using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Inference;
using HrNetBatch.Model.Native;
using HrNetBatch.Model.Tests.Goldens;
using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Tests.Inference;

[Collection(nameof(TorchThreads))] // one of them watches the number of threads
public sealed class ClassifierTests : IDisposable
{
    private const int Size = 64, Batch = 4, ClassCount = 9;

    private static readonly ClassifierOptions Options = new() { Device = "cpu", BatchSize = Batch, ReplicaCount = 2, ImageSize = Size };
    private static readonly string[] Labels = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];

    private readonly HrNet _network = new(HrNetVariant.Parse("w18_small_v1"), ClassCount);
    private readonly float[] _images;

    public ClassifierTests()
    {
        FormulaWeights.Fill(_network);
        _network.eval();
        var random = new Random(5);
        _images = [.. Enumerable.Range(0, Batch * 3 * Size * Size).Select(i => (random.NextSingle() - 0.5f) * (1 + i / (3 * Size * Size)) * 3)];
    }

    [Theory]
    [InlineData(InferenceEngine.Torch)]
    [InlineData(InferenceEngine.Winograd)]
    public async Task ClassifyAsync_GivesTheSoftmaxOfTheNetwork_LabelledAndOrdered(InferenceEngine engine)
    {
        using Classifier classifier = Classifier.Load(_network.state_dict(), Labels, Options with { Engine = engine });

        IReadOnlyList<Prediction[]> predictions = await ClassifyAsync(classifier, 0, Batch, topK: 3);

        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGradients = no_grad();
        Tensor expected = _network.call(tensor(_images, [Batch, 3, Size, Size])).softmax(1);
        for (int i = 0; i < Batch; i++)
        {
            (Tensor values, Tensor indices) = expected[i].topk(3);
            Assert.Equal(indices.data<long>().Select(index => (int)index), predictions[i].Select(prediction => prediction.Index));
            Assert.All(predictions[i].Zip(values.data<float>()), pair => Assert.Equal(pair.Second, pair.First.Probability, 1e-5f));
            Assert.All(predictions[i], prediction => Assert.Equal(Labels[prediction.Index], prediction.Label));
        }
    }

    [Theory]
    [InlineData(InferenceEngine.Torch)]
    [InlineData(InferenceEngine.Winograd)]
    public async Task ClassifyAsync_GivesTheMeanProbabilitiesOfAnImageAndItsMirrorImage_WhereAsked(InferenceEngine engine)
    {
        using Classifier classifier = Classifier.Load(_network.state_dict(), null, Options with { Engine = engine, AveragesFlip = true });

        IReadOnlyList<Prediction[]> predictions = await ClassifyAsync(classifier, 0, Batch, ClassCount);

        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGradients = no_grad();
        Tensor images = tensor(_images, [Batch, 3, Size, Size]);
        Tensor expected = (_network.call(images).softmax(1) + _network.call(images.flip(3)).softmax(1)) / 2;
        for (int i = 0; i < Batch; i++)
            Assert.All(predictions[i], prediction => Assert.Equal(expected[i][prediction.Index].ToSingle(), prediction.Probability, 1e-5f));
    }

    [Theory]
    [InlineData(null, null, 0.875)]
    [InlineData(1.0, null, 1.0)]
    [InlineData(1.0, 0.9, 0.9)]
    public void Load_TakesTheCropFractionOfTheCard_UnlessAnotherIsAsked(double? ofCard, double? asked, double expected)
    {
        var card = ofCard is { } fraction ? new ModelCard("w18_small_v1", Size, Labels) { CropFraction = fraction } : null;
        using Checkpoint checkpoint = CheckpointReader.Read(Written(card), "weights");

        using Classifier classifier = Classifier.Load(checkpoint, Options with { CropFraction = asked });

        Assert.Equal(expected, classifier.CropFraction);
    }

    private MemoryStream Written(ModelCard? card)
    {
        var stream = new MemoryStream();
        CheckpointWriter.Write(stream, CheckpointWriter.ToValue(_network.state_dict(), card));
        stream.Position = 0;
        return stream;
    }

    [Theory]
    [InlineData(InferenceEngine.Torch)]
    [InlineData(InferenceEngine.Winograd)]
    public async Task ClassifyAsync_TakesTheSmallestImages_WhoseLowestBranchIsOnePixel(InferenceEngine engine)
    {
        using Classifier classifier = Classifier.Load(_network.state_dict(), Labels, Options with { Engine = engine, ImageSize = 32 });
        var images = new float[Batch * classifier.ImageLength];
        _images.AsSpan(0, images.Length).CopyTo(images);

        IReadOnlyList<Prediction[]> predictions = await classifier.ClassifyAsync(images, Batch, 1, TestContext.Current.CancellationToken);

        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGradients = no_grad();
        Tensor expected = _network.call(tensor(images, [Batch, 3, 32, 32])).softmax(1).amax([1]);
        Assert.All(predictions.Zip(expected.data<float>()), pair => Assert.Equal(pair.Second, pair.First[0].Probability, 1e-5f));
    }

    [Theory]
    [InlineData(InferenceEngine.Torch)]
    [InlineData(InferenceEngine.Winograd)]
    public async Task ClassifyAsync_GivesAPartialBatchWhatAFullOneGets(InferenceEngine engine)
    {
        using Classifier classifier = Classifier.Load(_network.state_dict(), null, Options with { Engine = engine });
        IReadOnlyList<Prediction[]> full = await ClassifyAsync(classifier, 0, Batch, ClassCount);

        for (int i = 0; i < Batch; i++)
        {
            Prediction[] alone = Assert.Single(await ClassifyAsync(classifier, i, 1, ClassCount));
            Assert.All(alone, prediction =>
                Assert.Equal(full[i].Single(other => other.Index == prediction.Index).Probability, prediction.Probability, 1e-4f));
        }
    }

    [Theory]
    [InlineData(InferenceEngine.Torch)]
    [InlineData(InferenceEngine.Winograd)]
    public async Task ClassifyAsync_GivesTheSameBits_WhicheverReplicaAnswersWhomever(InferenceEngine engine)
    {
        using Classifier classifier = Classifier.Load(_network.state_dict(), null, Options with { Engine = engine });
        IReadOnlyList<Prediction[]> first = await ClassifyAsync(classifier, 0, Batch, 5);

        IReadOnlyList<Prediction[]>[] others = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ClassifyAsync(classifier, 0, Batch, 5)));

        Assert.All(others, other => Assert.Equal(first, other));
    }

    /// <summary>Each image's sums are its own in the engine in C#: neither its neighbours nor the size of the batch change a bit.</summary>
    [Fact]
    public async Task Winograd_GivesAnImageTheSameBits_InWhicheverBatch()
    {
        using Classifier classifier = Classifier.Load(_network.state_dict(), null, Options with { Engine = InferenceEngine.Winograd });
        IReadOnlyList<Prediction[]> full = await ClassifyAsync(classifier, 0, Batch, ClassCount);

        for (int i = 0; i < Batch; i++)
            Assert.Equal(full[i], Assert.Single(await ClassifyAsync(classifier, i, 1, ClassCount)));
    }

    /// <summary>Where nothing is asked for, libtorch keeps what the engine in C# does not do: several threads in one batch.</summary>
    [Fact]
    public void Load_TakesTheEngineThatSuitsTheMachine_UnlessAnotherIsAsked()
    {
        using Classifier auto = Classifier.Load(_network.state_dict(), null, Options), threaded = Classifier.Load(_network.state_dict(), null, Options with { ThreadsPerReplica = 2 });

        Assert.Equal(Vector512.IsHardwareAccelerated || !Fma.IsSupported ? InferenceEngine.Torch : InferenceEngine.Winograd, auto.Engine);
        Assert.Equal(InferenceEngine.Torch, threaded.Engine);
    }

    /// <summary>Values near float32's end, which sums of 3×3 products do not leave and Winograd's transforms do.</summary>
    [Fact]
    public void Load_LeavesWeightsThatWinogradCannotCompute_ToLibTorch()
    {
        const float Large = 5e37f, Small = 1e-36f;
        Dictionary<string, Tensor> stateDict = new(_network.state_dict());
        foreach (string name in (string[])["layer1.0.bn1.weight", "layer1.0.bn1.bias"])
            stateDict[name] = stateDict[name] * Large;
        stateDict["layer1.0.conv2.weight"] = stateDict["layer1.0.conv2.weight"] * Small;

        using Classifier auto = Classifier.Load(stateDict, null, Options);
        var refused = Assert.Throws<ArgumentException>(() => Classifier.Load(stateDict, null, Options with { Engine = InferenceEngine.Winograd }));

        Assert.Equal(InferenceEngine.Torch, auto.Engine);
        Assert.StartsWith("The Winograd engine answers to noise with logits that differ from libtorch's", refused.Message, StringComparison.Ordinal);
        if (!Vector512.IsHardwareAccelerated && Fma.IsSupported)
            Assert.NotNull(auto.EngineRemark);
    }

    [Fact]
    public void Load_LeavesTheNumberOfThreadsOfOthersAlone()
    {
        int before = get_num_threads();
        using Classifier classifier = Classifier.Load(_network.state_dict(), null, Options);

        int elsewhere = 0;
        var thread = new Thread(() => elsewhere = get_num_threads());
        thread.Start();
        thread.Join();

        Assert.Equal((before, before), (get_num_threads(), elsewhere));
    }

    [Fact]
    public void TopK_RefusesLogitsThatAreNoNumbers() =>
        Assert.Throws<InvalidDataException>(() => TopK.Of([1, float.NaN, 2], 1, null));

    [Fact]
    public void TopK_NamesEqualClassesInTheOrderOfTheirIndices() =>
        Assert.Equal([1, 3, 0], TopK.Of([0, 2, -1, 2], 3, null).Select(prediction => prediction.Index));

    [Fact]
    public async Task ClassifyAsync_RefusesABufferOfAnotherSize()
    {
        using Classifier classifier = Classifier.Load(_network.state_dict(), null, Options);
        var error = await Assert.ThrowsAsync<ArgumentException>(() => classifier.ClassifyAsync(_images, 2, 1, TestContext.Current.CancellationToken));
        Assert.Contains("2 images of 64×64 are 24576 floats, not 49152", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_SaysWhatIsWrong_WithLabelsSizesDevicesAndWeights()
    {
        Dictionary<string, Tensor> stateDict = _network.state_dict();
        Assert.Contains("2 labels for 9 classes", Refusal(stateDict, ["x", "y"], Options), StringComparison.Ordinal);
        foreach (InferenceEngine engine in (InferenceEngine[])[InferenceEngine.Torch, InferenceEngine.Winograd])
            Assert.Contains("multiples of 32, not 65×65", Refusal(stateDict, null, Options with { Engine = engine, ImageSize = 65 }), StringComparison.Ordinal);
        Assert.Contains("Use auto, cpu or cuda:N", Refusal(stateDict, null, Options with { Device = "gpu" }), StringComparison.Ordinal);
        Assert.Contains("needs a libtorch with CUDA", Refusal(stateDict, null, Options with { Device = "cuda:0" }), StringComparison.Ordinal);
        Dictionary<string, Tensor> broken = new(stateDict) { ["bn1.bias"] = full([64], float.NaN) };
        Assert.Contains("conv1 and bn1 hold infinities or no numbers", Refusal(broken, null, Options), StringComparison.Ordinal);
        stateDict.Remove("stage3.0.branches.1.0.bn1.running_var");
        Assert.Contains("1 missing (stage3.0.branches.1.0.bn1.running_var)",
            Assert.Throws<CheckpointException>(() => Classifier.Load(stateDict, null, Options)).Message, StringComparison.Ordinal);

        static string Refusal(Dictionary<string, Tensor> stateDict, string[]? labels, ClassifierOptions options) =>
            Assert.ThrowsAny<ArgumentException>(() => Classifier.Load(stateDict, labels, options).Dispose()).Message;
    }

    [Fact]
    public void OneDnn_IsUsable_WithTheLibTorchThatTheBuildPins() => Assert.True(OneDnn.IsUsable);

    public void Dispose() => _network.Dispose();

    private Task<IReadOnlyList<Prediction[]>> ClassifyAsync(Classifier classifier, int from, int count, int topK) =>
        classifier.ClassifyAsync(_images.AsMemory(from * classifier.ImageLength, count * classifier.ImageLength), count, topK, TestContext.Current.CancellationToken);
}
