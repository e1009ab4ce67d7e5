using System.Diagnostics.CodeAnalysis;

namespace HrNetBatch.Jobs.Blobs;

/// <summary>
/// A place in blob storage, written <c>blob://ACCOUNT-ALIAS/container/name</c>: the alias is a configured account
/// (<see cref="BlobAccounts"/>), so that no job names a host, and the name is a blob, a folder, or nothing for the whole container.
/// Names are taken literally; nothing is percent-decoded.
/// </summary>
/// <param name="Account">The configured account's alias.</param>
/// <param name="Container">The container's name.</param>
/// <param name="Name">The blob's or folder's name inside the container; empty for the whole container.</param>
public sealed record BlobPath(string Account, string Container, string Name)
{
    /// <summary>What every path starts with.</summary>
    public const string Scheme = "blob://";

    private const string Form = "write it as blob://ACCOUNT-ALIAS/container/name, for example blob://local/images/cats/";

    /// <summary>
    /// What a listing of this path asks the service for: <c>cats</c> and <c>cats/</c> are the folder's blobs,
    /// <c>ca*</c> every name that starts with <c>ca</c>, an empty name the whole container.
    /// </summary>
    public string ListingPrefix => Name switch
    {
        "" => "",
        [.., '*'] => Name[..^1],
        [.., '/'] => Name,
        _ => Name + "/",
    };

    /// <summary>Whether the path can only mean many blobs: a container, a folder with its slash, or a <c>prefix*</c>.</summary>
    public bool NamesMany => Name is "" or [.., '/'] or [.., '*'];

    /// <summary>The last part of the name, as a file would be called.</summary>
    public string FileName => Name[(Name.LastIndexOf('/') + 1)..];

    /// <summary>Reads a path.</summary>
    /// <exception cref="FormatException">The text is no blob path; the message says what is wrong with it.</exception>
    public static BlobPath Parse(string text) => Read(text, out var path) is { } fault ? throw new FormatException(fault) : path!;

    /// <summary>Reads a path; on failure <paramref name="fault"/> says what is wrong and how to write it.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out BlobPath? path, [NotNullWhen(false)] out string? fault) =>
        (fault = Read(text, out path)) is null;

    /// <summary>The path of <paramref name="name"/>, taken literally, inside this folder.</summary>
    public BlobPath Combine(string name)
    {
        if (Name is [.., '*']) throw new ArgumentException($"'{this}' is a pattern, not a folder: nothing can be put inside it.");
        return this with { Name = ListingPrefix + name };
    }

    /// <summary>
    /// Whether two paths name the same container of the same alias; <see cref="BlobStore.AreInOneContainer"/> knows of aliases that mean
    /// one account.
    /// </summary>
    public bool IsInContainerOf(BlobPath other) =>
        Account.Equals(other.Account, StringComparison.OrdinalIgnoreCase) && Container == other.Container;

    /// <summary>Whether a blob called <paramref name="name"/> of the same container lies inside this folder or pattern.</summary>
    public bool Contains(string name) => name.StartsWith(ListingPrefix, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => Name.Length == 0 ? $"{Scheme}{Account}/{Container}" : $"{Scheme}{Account}/{Container}/{Name}";

    private static string? Read(string? text, out BlobPath? path)
    {
        path = null;
        if (string.IsNullOrWhiteSpace(text)) return $"A blob path is missing; {Form}.";
        if (!text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)) return $"'{text}' is not a blob path; {Form}.";

        var parts = text[Scheme.Length..].Split('/', 3);
        if (!IsAlias(parts[0])) return $"'{text}' has no account alias of letters, digits, '-' and '_' after blob://; {Form}.";
        if (parts.Length < 2 || parts[1].Length == 0) return $"'{text}' names no container; {Form}.";
        if (!IsContainer(parts[1]))
            return $"'{text}': '{parts[1]}' cannot be a container's name (3 to 63 lower-case letters, digits and single hyphens); {Form}.";
        if (parts is [_, _, var name] && BlobName.Fault(name) is { } fault) return $"'{BlobName.Shown(text)}': the name {fault}; without it, {Form}.";

        path = new(parts[0], parts[1], parts.Length == 3 ? parts[2] : "");
        return null;
    }

    private static bool IsAlias(string text) => text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');

    private static bool IsContainer(string text) =>
        text is "$root" or "$web" or "$logs"
        || (text.Length is >= 3 and <= 63 && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')
            && text[0] != '-' && text[^1] != '-' && !text.Contains("--", StringComparison.Ordinal));
}
