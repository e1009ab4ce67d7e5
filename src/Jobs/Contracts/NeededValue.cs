using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace HrNetBatch.Jobs.Contracts;

/// <summary>What a rule of a field or of a setting asks for, in words that go before "is needed".</summary>
internal static class NeededValue
{
    /// <summary>The words; null where the rule has only a message of its own.</summary>
    public static string? Of(ValidationAttribute rule) => rule switch
    {
        RequiredAttribute { ErrorMessage: null } => "a value",
        RangeAttribute range => string.Create(CultureInfo.InvariantCulture, $"a value from {range.Minimum} to {range.Maximum}"),
        AllowedValuesAttribute allowed => "one of " + string.Join(", ", allowed.Values),
        _ => null,
    };
}
