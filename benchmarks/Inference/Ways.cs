using System.Diagnostics;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Inference;
using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Benchmarks.Inference;

/// <summary>Our ways to run one variant, from the plain module to the classifier that jobs use.</summary>
internal sealed class Ways : IDisposable
{
    internal const int BatchSize = 8, ImageSize = 224;

    private readonly HrNet _network, _channelsLast;
    private readonly FoldedHrNet _folded, _fused;
    private readonly Classifier _torch, _winograd;
    private readonly Tensor _images;
    private readonly float[] _pixels;
    private readonly int _threads;

    internal Ways(HrNetVariant variant, int threads)
    {
        _threads = threads;
        _network = new HrNet(variant, 1000);
        _channelsLast = new HrNet(variant, 1000);
        _network.eval();
        _channelsLast.eval();
        _channelsLast.ToChannelsLast();
        _images = rand(BatchSize, 3, ImageSize, ImageSize);
        _pixels = [.. _images.data<float>()];

        Dictionary<string, Tensor> stateDict = _network.state_dict();
        _folded = new FoldedHrNet(stateDict, variant.Architecture, _images.shape, CPU, fused: false);
        _fused = new FoldedHrNet(stateDict, variant.Architecture, _images.shape, CPU);
        var options = new ClassifierOptions { Device = "cpu", BatchSize = BatchSize, ReplicaCount = threads };
        _torch = Classifier.Load(stateDict, null, options with { Engine = InferenceEngine.Torch });
        _winograd = Classifier.Load(stateDict, null, options with { Engine = InferenceEngine.Winograd });
    }

    internal IEnumerable<(string, Func<int, Measure>)> All =>
    [
        ("ours, module", batches => Time(batches, () => _network.call(_images))),
        ("ours, module, channels-last", batches => Time(batches, () => _channelsLast.call(ChannelsLast.Of(_images)))),
        ("ours, batch norm folded", batches => Time(batches, () => _folded.Forward(_images))),
        ("ours, folded and fused", batches => Time(batches, () => _fused.Forward(_images))),
        ($"ours, `Classifier`: {_threads} × one thread, libtorch", batches => TimeClassifier(_torch, batches)),
        ($"ours, `Classifier`: {_threads} × one thread, Winograd", batches => TimeClassifier(_winograd, batches)),
    ];

    public void Dispose()
    {
        _network.Dispose();
        _channelsLast.Dispose();
        _folded.Dispose();
        _fused.Dispose();
        _torch.Dispose();
        _winograd.Dispose();
        _images.Dispose();
    }

    private static Measure Time(int batchCount, Func<Tensor> forward) => Time(batchCount, () =>
    {
        using IDisposable noGradients = no_grad();
        for (int batch = 0; batch < batchCount; batch++)
        {
            using DisposeScope scope = NewDisposeScope();
            forward();
        }
    });

    private Measure TimeClassifier(Classifier classifier, int batchCount) => Time(batchCount * _threads, () =>
        Task.WhenAll(Enumerable.Range(0, batchCount * _threads).Select(_ =>
            classifier.ClassifyAsync(_pixels, BatchSize, topK: 5, CancellationToken.None))).GetAwaiter().GetResult());

    private static Measure Time(int batchCount, Action run)
    {
        using var process = Process.GetCurrentProcess();
        TimeSpan cpu = process.TotalProcessorTime;
        long start = Stopwatch.GetTimestamp();
        run();
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        process.Refresh();
        return Measure.Of(batchCount * BatchSize, seconds, (process.TotalProcessorTime - cpu).TotalSeconds);
    }
}
