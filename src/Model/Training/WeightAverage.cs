using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Training;

/// <summary>
/// The exponential moving average of a network's weights, as timm's ModelEmaV2: average ← decay · average + (1 − decay) · weights after each
/// step, the running statistics of batch norms included. Counters are copied. The decay may rise to its value, as in TensorFlow's
/// ExponentialMovingAverage with num_updates: what a run began with weighs little then, however short it is.
/// </summary>
public sealed class WeightAverage : IDisposable
{
    private readonly double _decay;
    private readonly bool _rampsUp;
    private readonly (Tensor Average, Tensor Trained)[] _pairs;

    /// <summary>An average that begins with the network as it is, on its device and laid out as it is.</summary>
    internal WeightAverage(HrNet trained, double decay, bool rampsUp)
    {
        (_decay, _rampsUp) = (decay, rampsUp);
        Network = new HrNet(trained.Architecture, trained.ClassCount);
        Network.to(trained.parameters().First().device);
        Network.ToChannelsLast();
        StateDictLoader.Load(Network, trained.state_dict());
        foreach (var parameter in Network.parameters())
            parameter.requires_grad = false;
        Network.eval();
        Dictionary<string, Tensor> weights = trained.state_dict();
        _pairs = [.. Network.state_dict().Select(entry => (entry.Value, weights[entry.Key]))];
    }

    /// <summary>The averaged network, for evaluating and saving; it belongs to the average.</summary>
    public HrNet Network { get; }

    /// <summary>How much of the average stays at a step.</summary>
    /// <param name="step">How many were made before it.</param>
    internal double DecayAt(long step) => _rampsUp ? Math.Min(_decay, (1.0 + step) / (10.0 + step)) : _decay;

    /// <summary>Takes the weights after a step into the average.</summary>
    /// <param name="step">How many were made before it.</param>
    internal void Update(long step)
    {
        double decay = DecayAt(step);
        using var scope = NewDisposeScope();
        using IDisposable noGradients = no_grad();
        foreach ((Tensor average, Tensor trained) in _pairs)
        {
            if (average.is_floating_point())
                average.Scale(decay).Add(trained, 1 - decay);
            else
                average.copy_(trained);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Network.Dispose();
}
