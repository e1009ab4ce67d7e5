using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Jobs.Settings;

/// <summary>What is wrong with the settings with which a program cannot start, for people.</summary>
public static class SettingsFaults
{
    /// <summary>Whether an exception tells of settings, be it of one record of them or of several; then the sentences, each with its setting's name.</summary>
    public static bool TryFind(Exception error, [NotNullWhen(true)] out IReadOnlyList<string>? faults)
    {
        faults = error switch
        {
            OptionsValidationException one => [.. one.Failures.Distinct()],
            AggregateException { InnerExceptions: var several } when several.All(inner => inner is OptionsValidationException) =>
                [.. several.Cast<OptionsValidationException>().SelectMany(inner => inner.Failures).Distinct()],
            InvalidDataException file when file.Source?.StartsWith("Microsoft.Extensions.Configuration", StringComparison.Ordinal) is true =>
                [$"{file.Message} {Innermost(file)}"],
            _ => null,
        };
        return faults is not null;
    }

    /// <summary>One sentence as it is, several as a list.</summary>
    public static string Text(IReadOnlyList<string> faults) =>
        faults.Count == 1 ? faults[0] : string.Concat(faults.Select(fault => $"\n  {fault}"));

    private static string Innermost(Exception error) =>
        error.GetBaseException() is JsonException json ? $"It is no JSON: {JsonFault.Of(json)}." : "";
}
