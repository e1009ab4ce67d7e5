using System.Globalization;

namespace HrNetBatch.Model.Training;

/// <summary>A run has no finite numbers any more: another try from the same point ends the same way, and only another recipe helps.</summary>
public sealed class DivergedException : Exception
{
    private DivergedException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }

    /// <summary>The loss of a step, or the norm of its gradients, is no finite number; the weights were not changed by it.</summary>
    internal static DivergedException AtStep(long step, double learningRate, string what, double value) =>
        new(string.Create(CultureInfo.InvariantCulture, $"The training diverged at step {step}: the {what} is {value}, at a learning rate of {learningRate:g6}. {Advice}"));

    /// <summary>Weights are no finite numbers after a step.</summary>
    internal static DivergedException Weights(long step, double learningRate, double loss, string name) => new(string.Create(CultureInfo.InvariantCulture,
        $"The training diverged at step {step}: {name} holds numbers that are not finite, after a loss of {loss:g6} at a learning rate of {learningRate:g6}. {Advice}"));

    /// <summary>What the network says of the validation data is not finite, though its weights are.</summary>
    public static DivergedException InValidation(long step, Exception cause)
    {
        ArgumentNullException.ThrowIfNull(cause);
        return new(string.Create(CultureInfo.InvariantCulture, $"The training diverged, as the validation after step {step} shows: {cause.Message} {Advice}"), cause);
    }

    private const string Advice =
        "Lower learningRate, let it rise over more warmUpSteps, or limit the gradients (gradientClipNorm), and submit the job anew with another output; the run's checkpoints are from before.";
}
