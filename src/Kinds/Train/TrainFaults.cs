using HrNetBatch.Kinds.DataSets;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Labels;

namespace HrNetBatch.Kinds.Train;

/// <summary>What does not fit together in the arguments of a train job, found before it is accepted and not by its first attempt.</summary>
internal static class TrainFaults
{
    /// <summary>Each as <c>field: what is wrong</c>.</summary>
    public static IEnumerable<string> Of(TrainArguments arguments)
        => [.. OfData(arguments), .. OfNetwork(arguments), .. OfRecipe(arguments)];

    private static IEnumerable<string> OfData(TrainArguments arguments)
    {
        if (ShardSet.FaultOf(arguments.Data) is { } fault)
            yield return $"data: {fault}";
        if (ShardSet.FaultOf(arguments.ValidationData) is { } validationFault)
            yield return $"validationData: {validationFault}";
        if (arguments is { ClassCount: { } count, Labels: { } labels } && count != labels.Count)
            yield return $"classCount: is {count}, but labels names {Counted.Of(labels.Count, "class", "classes")}";
        if (arguments.Labels is { Count: < 2 })
            yield return "labels: at least two classes are needed";
        if (ClassList.FaultOf(arguments.Labels ?? []) is { } labelsFault)
            yield return $"labels: {labelsFault}";
    }

    private static IEnumerable<string> OfNetwork(TrainArguments arguments)
    {
        string? variantFault = VariantFault(arguments);
        string[] architectureFaults = [.. arguments.Architecture?.Faults() ?? []];
        if (variantFault is not null)
            yield return $"variant: {variantFault}";
        foreach (string architectureFault in architectureFaults)
            yield return $"architecture: {architectureFault}";
        if (arguments.ImageSize % HrNet.SizeMultiple != 0)
            yield return $"imageSize: a multiple of {HrNet.SizeMultiple} is needed, this is {arguments.ImageSize}";
        if (variantFault is null && architectureFaults.Length == 0)
        {
            foreach (string fault in FrozenFaults(arguments))
                yield return $"frozenLayers: {fault}";
        }
    }

    private static IEnumerable<string> OfRecipe(TrainArguments arguments)
    {
        foreach (string fault in arguments.RecipeFaults())
            yield return fault;
        if (arguments is { BatchSize: 1, ImageSize: HrNet.SizeMultiple })
            yield return $"batchSize: batch norm takes no statistics from one image of {HrNet.SizeMultiple}×{HrNet.SizeMultiple}, of which one value a channel is left; at least two images are needed";
        if (arguments is { EarlyStoppingPatience: > 0, ValidationData: null })
            yield return "earlyStoppingPatience: needs validationData to see whether the network still improves";
        if (arguments.EarlyStoppingPatience > 0 && arguments.EarlyStoppingPatience < arguments.ValidationInterval)
            yield return $"earlyStoppingPatience: must be at least validationInterval ({arguments.ValidationInterval}), or the run would end before it is validated again";
        if (arguments is { ZeroInitResidual: true, InitialCheckpoint: not null })
            yield return "zeroInitResidual: is for random weights, and initialCheckpoint gives others; take one of the two out";
        if (arguments is { Teacher: not null, LabelSmoothing: > 0 })
            yield return "labelSmoothing: smooths labels, and with a teacher none are learnt; take one of the two out";
    }

    private static string? VariantFault(TrainArguments arguments)
    {
        if (arguments.Variant is null == arguments.Architecture is null)
            return arguments.Variant is null ? "give variant or architecture" : "give variant or architecture, not both";
        try
        {
            if (arguments.Variant is not null)
                HrNetVariant.Parse(arguments.Variant);
            return null;
        }
        catch (ArgumentException e)
        {
            return e.Message;
        }
    }

    private static IEnumerable<string> FrozenFaults(TrainArguments arguments)
    {
        string[] frozen = [.. arguments.FrozenLayers.Where(name => !string.IsNullOrWhiteSpace(name))];
        if (frozen.Length == 0)
            yield break;
        IReadOnlyList<string> names = HrNetLayers.TensorNames(arguments.Network);
        foreach (string name in frozen.Where(name => !names.Any(tensor => IsIn(tensor, name))))
            yield return $"there is no layer '{name}'; there are {string.Join(", ", names.Select(tensor => tensor[..tensor.IndexOf('.', StringComparison.Ordinal)]).Distinct())}, and what lies in them (layer1.0, stage2.0.branches.1, …)";
        if (names.All(tensor => frozen.Any(name => IsIn(tensor, name))))
            yield return "every layer is frozen, which leaves nothing to train";
    }

    private static bool IsIn(string tensor, string layer) => tensor.StartsWith(layer + ".", StringComparison.Ordinal) || tensor == layer;
}
