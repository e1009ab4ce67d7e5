using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Training;

/// <summary>Whether weights are numbers that one can compute with.</summary>
public static class FiniteWeights
{
    /// <summary>The name of the first tensor that holds an infinity or NaN; null where there is none.</summary>
    /// <param name="stateDict">Weights and buffers by name, all on one device; they stay as they are.</param>
    public static string? FirstOther(IReadOnlyDictionary<string, Tensor> stateDict)
    {
        ArgumentNullException.ThrowIfNull(stateDict);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGradients = no_grad();
        string[] names = [.. stateDict.Where(entry => entry.Value.is_floating_point()).Select(entry => entry.Key)];
        if (names.Length == 0)
            return null;
        // One answer of all of them: a GPU is waited for once.
        bool[] areFinite = stack([.. names.Select(name => AreFinite(stateDict[name]))]).cpu().data<bool>().ToArray();
        int first = Array.IndexOf(areFinite, false);
        return first < 0 ? null : names[first];
    }

    private static Tensor AreFinite(Tensor tensor)
    {
        using DisposeScope scope = NewDisposeScope();
        return tensor.isfinite().all().MoveToOuterDisposeScope();
    }
}
