using System.Collections;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;

namespace HrNetBatch.Jobs.Settings;

/// <summary>Says which setting cannot be read, and what would be: .NET names types of its own.</summary>
internal static partial class UnreadableSetting
{
    /// <summary>A sentence that begins with the setting's name.</summary>
    /// <param name="error">What binding a section said.</param>
    /// <param name="section">The section.</param>
    /// <param name="configuration">Where it stands.</param>
    public static string Explain(InvalidOperationException error, string section, IConfiguration configuration)
    {
        if (Failure().Match(error.Message) is not { Success: true } failure)
            return $"{section} cannot be read: {error.Message}";
        string setting = failure.Groups["setting"].Value;
        return Sentence(setting, configuration[setting], failure.Groups["type"].Value);
    }

    /// <summary>
    /// What the configuration passes over without a word where several values are wanted, each under a name or number of its own: one that
    /// stands there alone, and one that cannot be read. Null: there is none.
    /// </summary>
    /// <param name="setting">Where they stand.</param>
    /// <param name="type">What they become.</param>
    /// <param name="read">What they became.</param>
    /// <param name="configuration">Where it stands.</param>
    public static string? AmongSeveral(string setting, Type type, object? read, IConfiguration configuration)
    {
        if (type == typeof(string) || !type.IsAssignableTo(typeof(IEnumerable)))
            return null;
        if (configuration[setting] is { Length: > 0 } alone)
            return $"{setting} is '{alone}': its values are settings of their own, {setting}:{(type.IsAssignableTo(typeof(IDictionary)) ? "NAME" : "0")}.";
        return read is IDictionary named && configuration.GetSection(setting).GetChildren().FirstOrDefault(one => one.Value is not null && !named.Contains(one.Key)) is { } lost
            ? Sentence(lost.Path, lost.Value, type.GenericTypeArguments[^1].FullName!)
            : null;
    }

    private static string Sentence(string setting, string? value, string type)
    {
        string needed = type switch
        {
            "System.TimeSpan" => "a duration such as 00:00:05",
            "System.Int32" or "System.Int64" => "a whole number",
            "System.Double" or "System.Single" => "a number",
            "System.Boolean" => "true or false",
            "System.Uri" => "an address such as https://HOST",
            _ => ChoiceCalled(type) is { } choice ? $"one of {string.Join(", ", Enum.GetNames(choice))}" : "another value",
        };
        return $"{setting} is '{value}': {needed} is needed.";
    }

    private static Type? ChoiceCalled(string name) =>
        AppDomain.CurrentDomain.GetAssemblies().Select(assembly => assembly.GetType(name)).FirstOrDefault(type => type is { IsEnum: true });

    [GeneratedRegex(@"configuration value.* at '(?<setting>[^']+)' to type '(?<type>[^']+)'")]
    private static partial Regex Failure();
}
