using System.ComponentModel.DataAnnotations;
using HrNetBatch.Jobs.Blobs;

namespace HrNetBatch.Kinds.Models;

/// <summary>Where the models are.</summary>
public sealed class ModelOptions : IValidatableObject
{
    /// <summary>Where these options stand in the configuration.</summary>
    public const string Section = "HrNetBatch:Models";

    /// <summary>The folder of all models, <c>blob://ALIAS/container/prefix</c>; <c>hrnet up</c> sets <c>blob://local/models</c>. Default: none, and no job can name a model.</summary>
    public string? Root { get; set; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Root is null or "") yield break;
        if (!BlobPath.TryParse(Root, out BlobPath? path, out string? fault)) yield return new($"{Section}:Root: {fault}");
        else if (path.Name.EndsWith('*')) yield return new($"{Section}:Root: a folder is needed, and '{Root}' is a pattern.");
    }
}
