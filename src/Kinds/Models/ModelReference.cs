using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using HrNetBatch.Jobs.Contracts;

namespace HrNetBatch.Kinds.Models;

/// <summary>
/// A model as people name it: <c>model:NAME</c> (its newest version), <c>model:NAME@3</c> (that version, for ever the same weights) or
/// <c>model:NAME@TAG</c> (the version that the tag points to at that moment).
/// </summary>
/// <param name="Name">The model.</param>
/// <param name="Version">The version; null where a tag or nothing was named.</param>
/// <param name="Tag">The tag; null where a version or nothing was named.</param>
public sealed record ModelReference(string Name, int? Version = null, string? Tag = null)
{
    /// <summary>What every reference to a model starts with.</summary>
    public const string Scheme = "model:";

    private const string Form = "write it as model:NAME, model:NAME@VERSION or model:NAME@TAG, for example model:flowers@3";

    /// <summary>Reads a reference, with its scheme or without; on failure <paramref name="fault"/> says what is wrong and how to write it.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out ModelReference? reference, [NotNullWhen(false)] out string? fault)
    {
        (reference, fault) = Read(text ?? "");
        return fault is null;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Scheme}{ShortName}";

    /// <summary>The reference without its scheme, as people say it.</summary>
    public string ShortName => (Version, Tag) switch
    {
        ({ } version, _) => string.Create(CultureInfo.InvariantCulture, $"{Name}@{version}"),
        (_, { } tag) => $"{Name}@{tag}",
        _ => Name,
    };

    private static (ModelReference? Reference, string? Fault) Read(string text)
    {
        string[] parts = (text.StartsWith(Scheme, StringComparison.Ordinal) ? text[Scheme.Length..] : text).Split('@', 2);
        if (ModelName.Fault(parts[0]) is { } nameFault) return (null, $"{nameFault}; {Form}.");
        if (parts is [var name]) return (new ModelReference(name), null);
        if (parts[1] == ModelName.Newest) return (new ModelReference(parts[0]), null);
        if (parts[1].Length > 0 && parts[1].All(char.IsAsciiDigit))
        {
            return int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int version) && version > 0
                ? (new ModelReference(parts[0], version), null)
                : (null, $"'{text}': versions are the numbers 1, 2, 3 and so on; {Form}.");
        }
        return ModelName.TagFault(parts[1]) is { } tagFault ? (null, $"'{text}': {tagFault}; {Form}.") : (new ModelReference(parts[0], Tag: parts[1]), null);
    }
}
