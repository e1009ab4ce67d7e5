using System.Diagnostics.CodeAnalysis;
using HrNetBatch.Jobs.Blobs;

namespace HrNetBatch.Kinds.Models;

/// <summary>A checkpoint as a job's arguments name it: a blob (<c>blob://…</c>) or a model of the store (<c>model:NAME[@VERSION|@TAG]</c>). Exactly one of the two is set.</summary>
public sealed record CheckpointReference
{
    private CheckpointReference(BlobPath? blob, ModelReference? model) => (Blob, Model) = (blob, model);

    /// <summary>The blob; null where a model was named.</summary>
    public BlobPath? Blob { get; }

    /// <summary>The model; null where a blob was named.</summary>
    public ModelReference? Model { get; }

    /// <summary>Reads a reference.</summary>
    /// <exception cref="FormatException">It is none; the message says how to write one.</exception>
    public static CheckpointReference Parse(string text) => TryParse(text, out CheckpointReference? reference, out string? fault) ? reference : throw new FormatException(fault);

    /// <summary>Reads a reference; on failure <paramref name="fault"/> says what is wrong and how to write it.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out CheckpointReference? reference, [NotNullWhen(false)] out string? fault)
    {
        reference = null;
        if (text is not null && text.StartsWith(ModelReference.Scheme, StringComparison.OrdinalIgnoreCase))
        {
            if (ModelReference.TryParse(ModelReference.Scheme + text[ModelReference.Scheme.Length..], out ModelReference? model, out fault)) reference = new CheckpointReference(null, model);
        }
        else if (text is not null && text.StartsWith(BlobPath.Scheme, StringComparison.OrdinalIgnoreCase))
        {
            if (BlobPath.TryParse(text, out BlobPath? blob, out fault))
            {
                if (blob.NamesMany) fault = $"'{text}' is a {(blob.Name.Length == 0 ? "container" : blob.Name.EndsWith('*') ? "pattern" : "folder")}; name the checkpoint in it, such as model_best.pth.tar.";
                else reference = new CheckpointReference(blob, null);
            }
        }
        else
        {
            fault = $"'{text}' names no checkpoint; write it as blob://ACCOUNT-ALIAS/container/name or as model:NAME, model:NAME@VERSION or model:NAME@TAG.";
        }
        return reference is not null;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Model}{Blob}";
}
