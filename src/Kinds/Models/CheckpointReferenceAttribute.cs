using System.ComponentModel.DataAnnotations;
using HrNetBatch.Jobs.Contracts;

namespace HrNetBatch.Kinds.Models;

/// <summary>
/// Validates a job argument as a <see cref="CheckpointReference"/>, so that a mistyped one is refused when the job is submitted; one that a
/// follower takes from a result, such as <c>{{result.best}}</c>, when that is filled in.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class CheckpointReferenceAttribute : PathRuleAttribute
{
    /// <inheritdoc/>
    protected override ValidationResult? IsValid(object? value, ValidationContext validationContext)
    {
        if (value is null or CheckpointReference) return ValidationResult.Success;
        return CheckpointReference.TryParse(value as string, out _, out string? fault)
            ? ValidationResult.Success
            : new ValidationResult($"{validationContext.MemberName}: {fault}", [validationContext.MemberName ?? ""]);
    }
}
