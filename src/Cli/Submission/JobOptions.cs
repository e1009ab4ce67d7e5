using System.CommandLine;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using HrNetBatch.Jobs.Contracts;

namespace HrNetBatch.Cli.Submission;

/// <summary>The options of a job's command: the fields of its arguments record, with their comments as help.</summary>
internal class KindOptions
{
    private readonly JobKind _kind;
    private readonly List<(PropertyInfo Property, Option<string[]> Option)> _options = [];

    /// <summary>Makes one option for each field.</summary>
    /// <param name="kind">The kind of job.</param>
    /// <param name="defaults">Texts for fields that are then not required.</param>
    public KindOptions(JobKind kind, IReadOnlyDictionary<string, string>? defaults = null)
    {
        _kind = kind;
        Defaults = defaults ?? new Dictionary<string, string>();
        object usual = Activator.CreateInstance(kind.ArgumentsType)!;
        foreach (PropertyInfo property in kind.ArgumentsType.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (property.SetMethod is null) continue;
            bool isRequired = property.GetCustomAttribute<RequiredMemberAttribute>() is not null;
            _options.Add((property, new Option<string[]>(OptionName.Of(property.Name))
            {
                Description = Description(property, usual),
                HelpName = Placeholder(property.PropertyType),
                Required = isRequired && !Defaults.ContainsKey(property.Name),
                Arity = Arity(property.PropertyType),
                CustomParser = result => [.. result.Tokens.Select(token => token.Value)],
                AllowMultipleArgumentsPerToken = IsList(property.PropertyType),
            }));
        }
    }

    private IReadOnlyDictionary<string, string> Defaults { get; }

    /// <summary>Adds the options to a command.</summary>
    public virtual void AddTo(Command command)
    {
        foreach ((_, Option<string[]> option) in _options) command.Options.Add(option);
    }

    /// <summary>The request that was typed; unset fields are left to <see cref="Complete"/> and the record's defaults.</summary>
    public JobRequest ToRequest(ParseResult parsed)
    {
        var arguments = new JsonObject();
        foreach ((PropertyInfo property, Option<string[]> option) in _options)
        {
            string field = JsonNamingPolicy.CamelCase.ConvertName(property.Name);
            if (parsed.GetResult(option) is { Implicit: false })
                arguments[field] = OptionValue.ToJson(parsed.GetValue(option) ?? [], property.PropertyType);
            else if (Defaults.TryGetValue(property.Name, out string? text))
                arguments[field] = text;
        }
        Complete(arguments, parsed);
        return new JobRequest { Kind = _kind.Name, Arguments = JsonSerializer.SerializeToElement(arguments, JobJson.Options) };
    }

    /// <summary>Adds fields from elsewhere to those that were typed.</summary>
    protected virtual void Complete(JsonObject arguments, ParseResult parsed)
    {
    }

    private static string Description(PropertyInfo property, object usual)
    {
        string text = ArgumentDocs.Of(property);
        string? value = property.GetValue(usual) switch
        {
            null or "" => null,
            string written => written,
            bool truth => truth ? "true" : "false",
            Enum choice => JsonNamingPolicy.CamelCase.ConvertName($"{choice}"),
            System.Collections.IEnumerable list => string.Join(',', list.Cast<object>()),
            var other => string.Create(CultureInfo.InvariantCulture, $"{other}"),
        };
        return value is null ? text : $"{text} Default: {value}.";
    }

    private static ArgumentArity Arity(Type type) =>
        IsList(type) ? ArgumentArity.OneOrMore : type == typeof(bool) ? ArgumentArity.ZeroOrOne : ArgumentArity.ExactlyOne;

    private static bool IsList(Type type) => type != typeof(string) && type.IsAssignableTo(typeof(System.Collections.IEnumerable));

    private static string Placeholder(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type switch
        {
            _ when type == typeof(int) || type == typeof(long) => "N",
            _ when type == typeof(double) => "NUMBER",
            _ when type == typeof(bool) => "true|false",
            _ when type == typeof(TimeSpan) => "TIME",
            _ when type.IsEnum => string.Join('|', Enum.GetNames(type).Select(JsonNamingPolicy.CamelCase.ConvertName)),
            _ when IsList(type) => "A,B,…",
            _ when type.IsClass && type != typeof(string) => "JSON",
            _ => "TEXT",
        };
    }
}

/// <summary>The same of a kind that is known when this program is compiled.</summary>
internal class JobOptions<TArguments>(IReadOnlyDictionary<string, string>? defaults = null) : KindOptions(JobKind.Of<TArguments>(), defaults)
    where TArguments : IJobArguments;

/// <summary>What is common to the options of all kinds.</summary>
internal static partial class JobOptions
{
    /// <summary>The refusal with every field named as its option.</summary>
    public static string InWordsOfTheCommandLine(JobArgumentsException exception)
    {
        return string.Join("\n  ", ["The job was refused.", .. exception.Faults.Select(InWordsOfTheCommandLine)]);
    }

    // A follower's field is told by its path, and as the option that was typed behind a --then.
    private static string InWordsOfTheCommandLine(string fault)
    {
        if (Follower().Match(fault) is { Success: true } follower)
        {
            return $"{OptionName.Of(follower.Groups["field"].Value)} after {Then(follower.Groups["then"].Captures.Count)} ({follower.Groups["path"].Value}):{follower.Groups["what"].Value}";
        }
        return fault.Split(':', 2) is [var field, var what] && field is not ("kind" or "arguments") && Field().IsMatch(field)
            ? $"{OptionName.Of(field)} ({field}):{what}"
            : fault;
    }

    /// <summary>What a follower is named as by its place, from 1.</summary>
    public static string Then(int place) => place == 1 ? "the --then" : $"the {Ordinals[Math.Min(place, Ordinals.Length - 1)]} --then";

    private static readonly string[] Ordinals = ["", "first", "second", "third", "fourth", "fifth", "last"];

    [GeneratedRegex("^[A-Za-z0-9]+$")]
    private static partial Regex Field();

    [GeneratedRegex(@"^(?<path>((?<then>then\[0\])\.)+arguments\.(?<field>[A-Za-z0-9]+)):(?<what>.*)$", RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Follower();
}
