using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Training;

/// <summary>
/// Micro-batches that go through the network at the same time, on a CPU: on threads of their own, which do not wait for each other at every
/// layer as the threads inside one operation do. Their gradients are added in the order of the micro-batches, so the sums are to the bit those
/// of one after the other. On a GPU, or where there is one micro-batch, it is one after the other.
/// </summary>
internal sealed class DataParallel : IDisposable
{
    private readonly HrNet[] _networks;     // the trained one, and others that share its weights but have gradients and running statistics of their own
    private readonly FrozenLayers[] _frozen;
    private readonly TorchThreads? _threads;

    /// <summary>As many replicas as there are micro-batches to a batch, at most one for each thread.</summary>
    internal DataParallel(HrNet network, FrozenLayers frozen, TrainingOptions options, int threadCount)
    {
        int atOnce = network.parameters().First().device_type == DeviceType.CPU ? threadCount : 1;
        int count = Math.Min(MicroBatches.Of(options, options.BatchSize, leastCount: 1).Count, atOnce);
        _networks = [network, .. Enumerable.Range(1, count - 1).Select(_ => SharingWeights(network))];
        _frozen = [frozen, .. _networks[1..].Select(replica => new FrozenLayers(replica, options.FrozenLayers))];
        _threads = count > 1 ? new TorchThreads(count, threadCount / count) : null;
    }

    /// <summary>Puts the networks into training mode, the frozen layers as they are in the trained one.</summary>
    internal void Train()
    {
        using IDisposable noGradients = no_grad();
        for (int i = 0; i < _networks.Length; i++)
        {
            _networks[i].train();
            _frozen[i].Hold();
            foreach ((Tensor own, Tensor trained) in _networks[i].buffers().Zip(_networks[0].buffers()))
            {
                if (i > 0)
                    own.copy_(trained);
            }
        }
    }

    /// <summary>
    /// Learns from all parts of a batch. Afterwards the trained network has the sum of their gradients, and the running statistics that the
    /// first part left.
    /// </summary>
    /// <param name="parts">Each as its first image and its number of images.</param>
    /// <param name="learn">Forward and backward of a part through a network, whose gradients it adds to.</param>
    internal List<T> Learn<T>(List<(int Start, int Count)> parts, Func<HrNet, (int Start, int Count), T> learn)
    {
        var results = new List<T>(parts.Count);
        RunningStatistics? ofFirstPart = null;
        while (results.Count < parts.Count)
        {
            (int Start, int Count)[] wave = [.. parts.Skip(results.Count).Take(_networks.Length)];
            results.AddRange(wave.Length == 1 ? [learn(_networks[0], wave[0])] : Together(wave, learn));
            for (int i = 1; i < wave.Length; i++)
                MoveGradients(_networks[i], _networks[0]);
            if (results.Count < parts.Count)
                ofFirstPart ??= new RunningStatistics(_networks[0]);
        }
        ofFirstPart?.Dispose();
        return results;
    }

    /// <summary>Ends the threads and frees the replicas; the trained network is the caller's.</summary>
    public void Dispose()
    {
        _threads?.Dispose();
        foreach (HrNet replica in _networks[1..])
            replica.Dispose();
    }

    private T[] Together<T>((int Start, int Count)[] wave, Func<HrNet, (int Start, int Count), T> learn) =>
        Task.WhenAll(wave.Select((part, i) => _threads!.RunAsync(() => learn(_networks[i], part), CancellationToken.None))).GetAwaiter().GetResult();

    private static HrNet SharingWeights(HrNet network)
    {
        var replica = new HrNet(network.Architecture, network.ClassCount);
        using IDisposable noGradients = no_grad();
        foreach ((Tensor own, Tensor shared) in replica.parameters().Zip(network.parameters()))
            own.set_(shared);
        return replica;
    }

    private static void MoveGradients(HrNet from, HrNet to)
    {
        using var temporaries = NewDisposeScope();
        using IDisposable noGradients = no_grad();
        foreach ((TorchSharp.Modules.Parameter source, TorchSharp.Modules.Parameter target) in from.parameters().Zip(to.parameters()))
        {
            if (source.grad is not { } gradient)
                continue;
            target.grad!.Add(gradient);
            source.grad = null;
        }
    }
}
