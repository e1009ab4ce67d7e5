using System.Text.RegularExpressions;

namespace HrNetBatch.Jobs.Contracts;

/// <summary>How models and tags may be called: names that are the same in every file system, shell and URL.</summary>
public static partial class ModelName
{
    /// <summary>The tag that nobody sets: it means the newest version.</summary>
    public const string Newest = "latest";

    /// <summary>What is wrong with a model's name, or null.</summary>
    public static string? Fault(string? name) =>
        name is not null && Form().IsMatch(name) ? null
        : $"'{name}' cannot be a model's name: 1 to 64 lower-case letters, digits, '-', '_' and '.', beginning with a letter or digit, for example flowers-w18";

    /// <summary>What is wrong with a tag, or null.</summary>
    public static string? TagFault(string? tag) =>
        tag is null || !Form().IsMatch(tag) ? $"'{tag}' cannot be a tag: 1 to 64 lower-case letters, digits, '-', '_' and '.', beginning with a letter or digit, for example best"
        : tag.All(char.IsAsciiDigit) ? $"'{tag}' cannot be a tag: a number means a version"
        : tag == Newest ? $"'{tag}' cannot be set: it always means the newest version"
        : null;

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9._-]{0,63}\z")]
    private static partial Regex Form();
}
