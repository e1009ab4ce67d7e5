using System.ComponentModel.DataAnnotations;
using HrNetBatch.Jobs.Contracts;

namespace HrNetBatch.Jobs.Blobs;

/// <summary>
/// Validates a job argument as a <see cref="BlobPath"/>, so that a mistyped path is refused when the job is submitted; one that a follower
/// takes from a result, such as <c>{{result.checkpoint}}</c>, when that is filled in.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class BlobPathAttribute : PathRuleAttribute
{
    /// <inheritdoc/>
    protected override ValidationResult? IsValid(object? value, ValidationContext validationContext)
    {
        if (value is null or BlobPath) return ValidationResult.Success;
        return BlobPath.TryParse(value as string, out _, out var fault)
            ? ValidationResult.Success
            : new ValidationResult($"{validationContext.MemberName}: {fault}", [validationContext.MemberName ?? ""]);
    }
}
