using System.ComponentModel.DataAnnotations;

namespace HrNetBatch.Jobs.Models;

/// <summary>Validates a job argument as a model's name. A placeholder such as <c>{{result.name}}</c> passes.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ModelNameAttribute : ValidationAttribute
{
    /// <inheritdoc/>
    protected override ValidationResult? IsValid(object? value, ValidationContext validationContext) =>
        value is null || (value is string text && text.Contains("{{result.", StringComparison.Ordinal)) ? ValidationResult.Success
        : ModelName.Fault(value as string) is { } fault ? new ValidationResult($"{validationContext.MemberName}: {fault}", [validationContext.MemberName ?? ""])
        : ValidationResult.Success;
}
