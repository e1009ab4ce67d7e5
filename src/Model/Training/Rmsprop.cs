using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Native;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Training;

/// <summary>RMSprop (Hinton's lecture; centered: Graves 2013) with momentum and L2 penalty, operation for operation torch.optim.RMSprop.</summary>
public sealed class Rmsprop(
    IEnumerable<(string Name, Parameter Parameter)> parameters, double alpha, double epsilon, WeightDecay decay, double momentum, bool centered)
    : Optimizer(parameters, decay, SlotNames(momentum, centered))
{
    private const int MeanSquare = 0, MomentumBuffer = 1;

    private readonly int _mean = momentum > 0 ? 2 : 1;

    private protected override bool CountsSteps => true;

    private protected override void Move(int index, Parameter parameter, Tensor gradient, double learningRate)
    {
        AddPenalty(parameter, gradient);
        Tensor meanSquare = SlotOrZeros(index, MeanSquare);
        meanSquare.Scale(alpha).AddProduct(gradient, gradient, 1 - alpha);
        Tensor divisor = (centered ? Variance(index, gradient, meanSquare).sqrt_() : meanSquare.sqrt()).Add(epsilon);
        if (momentum > 0)
        {
            Tensor buffer = SlotOrZeros(index, MomentumBuffer);
            buffer.Scale(momentum).AddQuotient(gradient, divisor, 1);
            parameter.Add(buffer, -learningRate);
        }
        else
        {
            parameter.AddQuotient(gradient, divisor, -learningRate);
        }
    }

    private protected override void AddSettings(CheckpointDictionary group)
    {
        group.Add("momentum", momentum);
        group.Add("alpha", alpha);
        group.Add("eps", epsilon);
        group.Add("centered", centered);
    }

    private Tensor Variance(int index, Tensor gradient, Tensor meanSquare)
    {
        Tensor mean = SlotOrZeros(index, _mean);
        mean.Scale(alpha).Add(gradient, 1 - alpha);
        return meanSquare.PlusProduct(mean, mean, -1);
    }

    private static string[] SlotNames(double momentum, bool centered) =>
        ["square_avg", .. momentum > 0 ? ["momentum_buffer"] : Array.Empty<string>(), .. centered ? ["grad_avg"] : Array.Empty<string>()];
}
