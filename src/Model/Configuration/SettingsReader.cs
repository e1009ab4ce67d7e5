using System.Globalization;

namespace HrNetBatch.Model.Configuration;

/// <summary>Takes settings by name and type; one of another type, or out of range, becomes a fault that names its place.</summary>
internal sealed class SettingsReader(IReadOnlyDictionary<string, Setting> settings, ICollection<string> faults, ICollection<string> defaults)
{
    /// <summary>The setting of this name; null where none is given.</summary>
    public Setting? Find(string key) => settings.GetValueOrDefault(key);

    /// <summary>Whether a name, or any that begins with it and a dot, is given.</summary>
    public bool Has(string key) => settings.Keys.Any(name => name == key || name.StartsWith(key + ".", StringComparison.Ordinal));

    public int Integer(string key, int fallback, int least, int most) => Read(
        key, fallback, string.Create(CultureInfo.InvariantCulture, $"a whole number from {least} to {most}"),
        value => value is long number && number >= least && number <= most ? ((int)number, true) : default);

    public double Number(string key, double fallback, double least, double most) => Read(
        key, fallback, string.Create(CultureInfo.InvariantCulture, $"a number from {least:0.#########} to {most}"),
        value => (value is long whole ? whole : value as double?) is { } number && number >= least && number <= most ? (number, true) : default);

    public bool Truth(string key, bool fallback) => Read(key, fallback, "true or false", value => value switch
    {
        bool truth => (truth, true),
        string text when text.ToUpperInvariant() is "YES" or "ON" => (true, true),
        string text when text.ToUpperInvariant() is "NO" or "OFF" => (false, true),
        _ => default,
    });

    public string Text(string key, string fallback) => Read(key, fallback, "a text", value => value is string text ? (text, true) : default);

    /// <summary>A list of whole numbers from 0; or a single one, in the second place.</summary>
    public (IReadOnlyList<int> List, int? Single) Integers(string key, IReadOnlyList<int> fallback, string expected) => Read<(IReadOnlyList<int>, int?)>(
        key, (fallback, null), expected, value => value switch
        {
            long single and >= 0 and <= int.MaxValue => (([], (int)single), true),
            List<object?> items when items.All(item => item is long and >= 0 and <= int.MaxValue) => (([.. items.Select(item => (int)(long)item!)], null), true),
            _ => default,
        });

    /// <summary>Adds a fault about a setting that is given, or about the default that stands in for it.</summary>
    public void Refuse(string key, string what) => faults.Add(Find(key) is { } setting ? $"{setting.Place}: {key} {what}" : $"{key} {what}");

    private T Read<T>(string key, T fallback, string expected, Func<object?, (T Value, bool IsRight)> convert)
    {
        if (Find(key) is not { } setting)
        {
            defaults.Add($"{key} {Shown(fallback)}");
            return fallback;
        }
        (T value, bool isRight) = convert(setting.Value);
        if (isRight)
            return value;
        Refuse(key, setting.Text.Length == 0 ? $"is empty: {expected} is needed" : $"is {Short(setting.Text)}: {expected} is needed");
        return fallback;
    }

    private static string Shown<T>(T value) => value switch
    {
        ValueTuple<IReadOnlyList<int>, int?> { Item1: var list } => $"[{string.Join(", ", list)}]",
        _ => string.Create(CultureInfo.InvariantCulture, $"{value}"),
    };

    private static string Short(string text) => text.Length <= 60 ? text : text[..59] + "…";
}
