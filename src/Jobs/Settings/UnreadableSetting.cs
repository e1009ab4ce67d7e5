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
        string needed = failure.Groups["type"].Value switch
        {
            "System.TimeSpan" => "a duration such as 00:00:05",
            "System.Int32" or "System.Int64" => "a whole number",
            "System.Double" or "System.Single" => "a number",
            "System.Boolean" => "true or false",
            "System.Uri" => "an address such as https://HOST",
            var type => ChoiceCalled(type) is { } choice ? $"one of {string.Join(", ", Enum.GetNames(choice))}" : "another value",
        };
        return $"{setting} is '{configuration[setting]}': {needed} is needed.";
    }

    private static Type? ChoiceCalled(string name) =>
        AppDomain.CurrentDomain.GetAssemblies().Select(assembly => assembly.GetType(name)).FirstOrDefault(type => type is { IsEnum: true });

    [GeneratedRegex(@"configuration value.* at '(?<setting>[^']+)' to type '(?<type>[^']+)'")]
    private static partial Regex Failure();
}
