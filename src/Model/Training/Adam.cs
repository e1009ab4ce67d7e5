using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Native;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Training;

/// <summary>
/// Adam (Kingma and Ba 2015) with L2 penalty, operation for operation torch.optim.Adam (without amsgrad); or decoupled, where weight decay takes
/// its share of the parameters themselves (Loshchilov and Hutter 2019), torch.optim.AdamW.
/// </summary>
public sealed class Adam(
    IEnumerable<(string Name, Parameter Parameter)> parameters, double beta1, double beta2, double epsilon, WeightDecay decay, bool isDecoupled)
    : Optimizer(parameters, decay, "exp_avg", "exp_avg_sq")
{
    private const int Mean = 0, MeanSquare = 1;

    private protected override bool CountsSteps => true;

    private protected override void Move(int index, Parameter parameter, Tensor gradient, double learningRate)
    {
        if (!isDecoupled)
            AddPenalty(parameter, gradient);
        else if (DecayOf(parameter) is var rate && rate != 0)
            parameter.Scale(1 - learningRate * rate);
        Tensor mean = SlotOrZeros(index, Mean), meanSquare = SlotOrZeros(index, MeanSquare);
        mean.Scale(beta1).Add(gradient, 1 - beta1);
        meanSquare.Scale(beta2).AddProduct(gradient, gradient, 1 - beta2);

        // Both means began at zero: what that takes from them is made up for.
        double correction1 = 1 - Math.Pow(beta1, StepCount(index)), correction2 = 1 - Math.Pow(beta2, StepCount(index));
        Tensor divisor = meanSquare.sqrt().Divide(Math.Sqrt(correction2)).Add(epsilon);
        parameter.AddQuotient(mean, divisor, -learningRate / correction1);
    }

    private protected override void AddSettings(CheckpointDictionary group)
    {
        group.Add("betas", new CheckpointTuple([beta1, beta2]));
        group.Add("eps", epsilon);
        group.Add("amsgrad", false);
        group.Add("capturable", false);
    }
}
