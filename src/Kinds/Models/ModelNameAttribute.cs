using System.ComponentModel.DataAnnotations;
using HrNetBatch.Jobs.Contracts;

namespace HrNetBatch.Kinds.Models;

/// <summary>Validates a job argument as a model's name; one that a follower takes from a result, such as <c>{{result.name}}</c>, when that is filled in.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ModelNameAttribute : ValidationAttribute
{
    /// <inheritdoc/>
    protected override ValidationResult? IsValid(object? value, ValidationContext validationContext) =>
        value is null ? ValidationResult.Success
        : ModelName.Fault(value as string) is { } fault ? new ValidationResult($"{validationContext.MemberName}: {fault}", [validationContext.MemberName ?? ""])
        : ValidationResult.Success;
}
