using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using HrNetBatch.Jobs.Contracts;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Jobs.Settings;

/// <summary>Checks settings by the rules on their properties; every fault is a sentence that begins with the setting's name.</summary>
/// <typeparam name="TOptions">The record of the settings.</typeparam>
/// <param name="section">Where they stand in the configuration.</param>
internal sealed class SettingsValidator<TOptions>(string section) : IValidateOptions<TOptions>
    where TOptions : class
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, TOptions options)
    {
        string[] faults = [.. PropertyFaults(options), .. WholeFaults(options)];
        return faults.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private IEnumerable<string> PropertyFaults(TOptions options)
    {
        foreach (PropertyInfo property in typeof(TOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            object? value = property.GetValue(options);
            var context = new ValidationContext(options) { MemberName = property.Name, DisplayName = $"{section}:{property.Name}" };
            // The configuration takes any number for a choice.
            if (value is Enum choice && !Enum.IsDefined(choice.GetType(), choice))
                yield return $"{context.DisplayName} is {Written(value)}: one of {string.Join(", ", Enum.GetNames(choice.GetType()))} is needed.";
            foreach (ValidationAttribute rule in property.GetCustomAttributes<ValidationAttribute>(inherit: true))
            {
                if (rule.GetValidationResult(value, context) is not { ErrorMessage: var message })
                    continue;
                yield return NeededValue.Of(rule) is { } needed
                    ? $"{context.DisplayName} is {Written(value)}: {needed} is needed."
                    : message ?? $"{context.DisplayName} is wrong.";
            }
        }
    }

    private static IEnumerable<string> WholeFaults(TOptions options) => options is IValidatableObject validatable
        ? validatable.Validate(new ValidationContext(options)).Select(fault => fault.ErrorMessage).OfType<string>()
        : [];

    private static string Written(object? value) => Convert.ToString(value, CultureInfo.InvariantCulture) is { Length: > 0 } text ? text : "empty";
}
