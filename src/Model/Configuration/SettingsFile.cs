using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace HrNetBatch.Model.Configuration;

/// <summary>Reads a configuration's YAML into settings by their full names, and puts overrides over them.</summary>
internal sealed class SettingsFile(string name, ICollection<string> faults)
{
    private const int MaximumLength = 1 << 20, MaximumCount = 10_000, MaximumDepth = 16, LongestName = 200;

    private readonly Dictionary<string, Setting> _settings = new(StringComparer.Ordinal);

    /// <summary>All settings in the order of the file; whatever is wrong with it becomes a fault.</summary>
    public IReadOnlyDictionary<string, Setting> Read(TextReader text, IEnumerable<string> overrides)
    {
        try
        {
            ReadYaml(text);
        }
        catch (YamlException error)
        {
            faults.Add($"{Place(error.End)}: this is no YAML, here or just below: {error.InnerException?.Message ?? error.Message}");
        }
        catch (Exception error) when (error is InvalidOperationException or ArgumentException or IndexOutOfRangeException or NullReferenceException or FormatException or OverflowException)
        {
            // The scanner's own assumptions, which some texts break.
            faults.Add($"{name}: this is no YAML, though the reader cannot say where: compare it with one of the original's experiments/");
        }
        foreach (string given in overrides)
            Override(given);
        return _settings;
    }

    private void ReadYaml(TextReader text)
    {
        var content = new char[MaximumLength + 1];
        int length = text.ReadBlock(content);
        if (length > MaximumLength)
        {
            faults.Add($"{name}: is longer than a configuration can be (1 MiB)");
            return;
        }
        var yaml = new string(content, 0, length);
        if (!NestsReasonably(yaml))
            return;
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        if (stream.Documents is [{ RootNode: YamlMappingNode root }])
            Add("", root, depth: 0);
        else
            faults.Add($"{name}: one mapping of keys to values is needed, such as those in the original's experiments/");
    }

    // The tree below is built recursively, and no stack holds a megabyte of brackets.
    private bool NestsReasonably(string yaml)
    {
        var parser = new Parser(new StringReader(yaml));
        for (int depth = 0; parser.MoveNext(); depth += parser.Current!.NestingIncrease)
        {
            // One that names what it stands in never ends, and nine of nine of nine fill any memory. The original's files have none.
            if (parser.Current is AnchorAlias alias)
            {
                faults.Add($"{Place(alias.Start)}: repeats a part of the file by an alias, *{ForeignText.Printable($"{alias.Value}", 40)}, which a configuration may not: write the part out");
                return false;
            }
            if (depth > MaximumDepth)
            {
                faults.Add($"{Place(parser.Current!.Start)}: nests too deep");
                return false;
            }
        }
        return true;
    }

    private void Add(string prefix, YamlMappingNode section, int depth)
    {
        foreach ((YamlNode key, YamlNode value) in section.Children)
        {
            if (depth > MaximumDepth || _settings.Count >= MaximumCount || faults.Count > ExperimentException.MaximumFaultCount)
            {
                faults.Add($"{Place(key.Start)}: nests too deep, or holds more than {MaximumCount} keys");
                return;
            }
            if (key is not YamlScalarNode { Value: { Length: > 0 and <= LongestName } part })
                faults.Add($"{Place(key.Start)}: a key must be a text of at most {LongestName} characters");
            else if (value is YamlMappingNode inner)
                Add($"{prefix}{part}.", inner, depth + 1);
            else
                _settings[prefix + part] = new Setting(prefix + part, Value(value), Text(value), Place(key.Start));
        }
    }

    private void Override(string given)
    {
        int equals = given.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0)
        {
            faults.Add($"'{given}': an override is KEY=VALUE, such as TRAIN.LR=0.1");
            return;
        }
        string key = given[..equals].Trim(), text = given[(equals + 1)..].Trim();
        _settings[key] = new Setting(key, PythonLiteral.Parse(text), text, $"'{given}'");
    }

    private static object? Value(YamlNode node) => node switch
    {
        YamlScalarNode { Style: ScalarStyle.Plain, Value: null or "" } => null,
        YamlScalarNode scalar => PythonLiteral.Parse(scalar.Value ?? ""),
        YamlSequenceNode sequence => sequence.Children.Take(MaximumCount).Select(child => child is YamlScalarNode ? Value(child) : "a nested list").ToList(),
        _ => null,
    };

    private static string Text(YamlNode node) => node is YamlSequenceNode sequence
        ? $"[{string.Join(", ", sequence.Children.Take(8).Select(child => $"{child}"))}{(sequence.Children.Count > 8 ? ", …" : "")}]"
        : $"{(node as YamlScalarNode)?.Value}";

    private string Place(Mark mark) => string.Create(CultureInfo.InvariantCulture, $"{name}:{mark.Line}");
}
