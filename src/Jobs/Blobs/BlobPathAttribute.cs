using System.ComponentModel.DataAnnotations;

namespace HrNetBatch.Jobs.Blobs;

/// <summary>
/// Validates a job argument as a <see cref="BlobPath"/>, so that a mistyped path is refused when the job is submitted.
/// A placeholder such as <c>{{result.checkpoint}}</c>, filled in when the job it follows has succeeded, passes.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class BlobPathAttribute : ValidationAttribute
{
    /// <inheritdoc/>
    protected override ValidationResult? IsValid(object? value, ValidationContext validationContext)
    {
        if (value is null or BlobPath) return ValidationResult.Success;
        if (value is string text && text.Contains("{{result.", StringComparison.Ordinal)) return ValidationResult.Success;
        return BlobPath.TryParse(value as string, out _, out var fault)
            ? ValidationResult.Success
            : new ValidationResult($"{validationContext.MemberName}: {fault}", [validationContext.MemberName ?? ""]);
    }
}
