using HrNetBatch.Model.Architecture;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Training;

/// <summary>
/// The running means and variances of all batch norms, kept over forward passes that should not count. Under DataParallel only the first GPU's
/// copy of the network is the network itself: what the others see never reaches the running statistics.
/// </summary>
internal sealed class RunningStatistics : IDisposable
{
    private readonly List<(Tensor Running, Tensor Kept)> _pairs;

    /// <summary>Remembers the statistics as they are.</summary>
    internal RunningStatistics(HrNet network)
    {
        using IDisposable noGradients = no_grad();
        _pairs = [.. network.modules().OfType<BatchNorm2d>()
            .SelectMany(norm => new[] { norm.running_mean, norm.running_var, norm.num_batches_tracked })
            .OfType<Tensor>()
            .Select(running => (running, running.clone().DetachFromDisposeScope()))];
    }

    /// <summary>Puts the statistics back.</summary>
    public void Dispose()
    {
        using var scope = NewDisposeScope();
        using IDisposable noGradients = no_grad();
        foreach ((Tensor running, Tensor kept) in _pairs)
        {
            running.copy_(kept);
            kept.Dispose();
        }
    }
}
