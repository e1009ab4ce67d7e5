namespace HrNetBatch.Model.Export;

/// <summary>The kinds of files that a checkpoint can be written as.</summary>
public enum ExportFormat
{
    /// <summary>A bare state dict as torch.save writes it, which the original network loads with strict=True.</summary>
    Pth,

    /// <summary>The original's <c>checkpoint.pth.tar</c>: weights, epoch, best result and optimizer, from which tools/train.py resumes.</summary>
    Training,

    /// <summary>safetensors.</summary>
    Safetensors,

    /// <summary>ONNX, checked against ONNX Runtime.</summary>
    Onnx,
}

/// <summary>Which format a file's name stands for.</summary>
public static class ExportFormats
{
    /// <summary>What to tell people whose file has another name.</summary>
    public const string Names = ".onnx, .safetensors, .pth (weights alone) or .pth.tar (a training run with its optimizer)";

    /// <summary>What people call it.</summary>
    public static string NameOf(ExportFormat format) => format switch
    {
        ExportFormat.Onnx => "ONNX",
        ExportFormat.Safetensors => "safetensors",
        ExportFormat.Training => "training checkpoint",
        _ => "PyTorch weights",
    };

    /// <summary>The format of a file or blob by its extension; null where the name does not tell.</summary>
    public static ExportFormat? Of(string fileName) =>
        Extensions.FirstOrDefault(entry => fileName.EndsWith(entry.Extension, StringComparison.OrdinalIgnoreCase)).Format;

    private static readonly (string Extension, ExportFormat? Format)[] Extensions =
    [
        (".onnx", ExportFormat.Onnx),
        (".safetensors", ExportFormat.Safetensors),
        (".pth.tar", ExportFormat.Training),
        (".pth", ExportFormat.Pth),
        (".pt", ExportFormat.Pth),
    ];
}
