using System.Globalization;
using System.Text.Json.Nodes;
using HrNetBatch.Cli.Output;
using HrNetBatch.Model.Checkpoints;
using Spectre.Console;

namespace HrNetBatch.Cli.Inspecting;

/// <summary>An inspection for people.</summary>
internal static class InspectionText
{
    private const int LabelCount = 5;
    private const int NameLength = 60;
    private const int ValueLength = 600;

    public static void Show(Inspection inspection)
    {
        Screen.WriteLine(inspection.File);
        var facts = new Table().Border(TableBorder.None).HideHeaders().AddColumns("", "");
        foreach ((string name, string value) in Facts(inspection))
            facts.AddRow(Screen.Cell(ForeignText.Printable(name, NameLength)), Screen.Cell(ForeignText.Printable(value, ValueLength)));
        Screen.Out.Write(new Padder(facts, new Padding(2, 0, 0, 0)));
        foreach (string remark in inspection.Remarks) Screen.WriteLine($"  ! {ForeignText.Printable(remark)}");
        if (inspection.Fault is { } fault) Screen.Warn($"These weights cannot be used here. {ForeignText.Printable(fault)}");
        if (inspection.Weights.Tensors is not { } tensors) return;
        var table = new Table().Border(TableBorder.Simple).AddColumns("tensor", "shape", "type");
        foreach (TensorFacts tensor in tensors) table.AddRow(Screen.Cell(tensor.Name), Screen.Cell($"[{string.Join(", ", tensor.Shape)}]"), Screen.Cell(tensor.Type));
        Screen.Out.Write(table);
    }

    private static IEnumerable<(string Name, string Value)> Facts(Inspection inspection)
    {
        yield return ("format", $"{Format(inspection.Format)}, {Words.Bytes(inspection.Bytes)}");
        yield return ("sha256", inspection.Sha256);
        if (inspection.Network is { } network)
        {
            yield return ("network", $"{network.Variant} ({(network.OriginalName is null ? network.Architecture : $"{network.OriginalName}; in timm {network.TimmName}")}), {Words.Count(network.ClassCount, "class", "classes")}");
            yield return ("parameters", Words.Count(network.ParameterCount));
            yield return ("work", string.Create(CultureInfo.InvariantCulture,
                $"{network.OriginalGFlops:0.00} GFLOPs as the original counts, {network.TimmGMacs:0.00} GMACs as timm counts, for an image of {network.ImageSize}×{network.ImageSize}"));
        }
        yield return ("weights", Weights(inspection.Weights));
        if (inspection.Epoch is { } epoch) yield return ("epoch", $"goes on with {epoch}, counted from 0");
        if (inspection.Perf is { } perf) yield return ("perf", perf.ToString());
        if (inspection.Model is { } model) yield return ("model", model);
        if (inspection.Optimizer is { } optimizer) yield return ("optimizer", Optimizer(optimizer));
        if (inspection.HasResume) yield return ("resume", "a train job can go on from it");
        if (inspection.Card is { } card)
        {
            yield return ("image size", $"{card.ImageSize}");
            yield return ("labels", Labels(card));
        }
        foreach ((string key, string value) in inspection.Metadata.Take(LabelCount * 10)) yield return ($"metadata {key}", value);
        foreach ((string key, JsonNode? value) in inspection.Others) yield return (key, value?.ToString() ?? "None");
    }

    private static string Format(CheckpointFormat format) => format switch
    {
        CheckpointFormat.Zip => "PyTorch zip (torch 1.6 and later)",
        CheckpointFormat.Legacy => "PyTorch legacy (before torch 1.6)",
        _ => "safetensors",
    };

    private static string Weights(WeightFacts weights)
    {
        string where = weights.Key is null ? "a bare state dict" : $"under '{weights.Key}'";
        string types = weights.Types.Count == 1 ? weights.Types.Keys.First()
            : string.Join(", ", weights.Types.Select(type => $"{Words.Count(type.Value)} of {type.Key}"));
        return $"{where}: {Words.Count(weights.TensorCount, "tensor")}, {Words.Count(weights.ElementCount, "number")} ({types})";
    }

    private static string Optimizer(OptimizerFacts optimizer)
    {
        string options = string.Join(", ", optimizer.Options.Where(option => option.Value is JsonValue value && value.ToString() is not ("false" or "")).Select(option => $"{option.Key} {option.Value}"));
        string groups = optimizer.GroupCount == 1 ? "" : $" in {optimizer.GroupCount} groups";
        return $"{optimizer.Kind}: {options}; state of {Words.Count(optimizer.StateCount)} of {Words.Count(optimizer.ParameterCount, "parameter")}{groups}";
    }

    private static string Labels(ModelCard card) => card.Labels.Count == 0 ? "none"
        : $"{Words.Count(card.Labels.Count)}: {string.Join(", ", card.Labels.Take(LabelCount))}{(card.Labels.Count > LabelCount ? ", …" : "")}";
}
