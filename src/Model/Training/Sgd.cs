using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Native;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Training;

/// <summary>SGD with momentum and weight decay, operation for operation torch.optim.SGD (dampening 0).</summary>
public sealed class Sgd(IEnumerable<(string Name, Parameter Parameter)> parameters, double momentum, WeightDecay decay, bool nesterov)
    : Optimizer(parameters, decay, momentum == 0 ? [] : ["momentum_buffer"])
{
    private const int MomentumBuffer = 0;

    private protected override bool CountsSteps => false;

    private protected override void Move(int index, Parameter parameter, Tensor gradient, double learningRate)
    {
        AddPenalty(parameter, gradient);
        if (momentum != 0)
        {
            if (Slot(index, MomentumBuffer) is { } buffer)
                buffer.Scale(momentum).Add(gradient);
            else
                Put(index, MomentumBuffer, buffer = gradient.clone());
            if (nesterov)
                gradient.Add(buffer, momentum);
            else
                gradient = buffer;
        }
        parameter.Add(gradient, -learningRate);
    }

    private protected override void AddSettings(CheckpointDictionary group)
    {
        group.Add("momentum", momentum);
        group.Add("dampening", 0.0);
        group.Add("nesterov", nesterov);
    }
}
