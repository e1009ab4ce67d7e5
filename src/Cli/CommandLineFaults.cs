using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;

namespace HrNetBatch.Cli;

/// <summary>
/// What is wrong with a command line that cannot be understood: the library's own messages name types of .NET and guess at random.
/// </summary>
internal static partial class CommandLineFaults
{
    /// <summary>The faults, a sentence each.</summary>
    public static IReadOnlyList<string> Of(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        string name = $"hrnet {NameOf(parsed.CommandResult)}".TrimEnd();
        var faults = new List<string>();
        bool isAfterUnknownOption = false, hasUnknownCommand = false;
        foreach (ParseError error in parsed.Errors)
        {
            if (Match(Unrecognized(), error, out string[] unknown))
            {
                // What follows an unknown option is its value, as far as anybody can tell.
                if (unknown[0].StartsWith('-'))
                    faults.Add($"`{name}` has no option {unknown[0]}{(Alike(unknown[0], command) is { } alike ? $"; did you mean {alike}?" : ".")}");
                else if (command.Subcommands.Count == 0 && !isAfterUnknownOption)
                    faults.Add($"`{name}` takes no further argument, and '{unknown[0]}' is one.");
                else if (command.Subcommands.Count > 0 && !hasUnknownCommand)
                    faults.Add($"`{name}` has no command {unknown[0]}{Hint(unknown[0])}.");
                isAfterUnknownOption = unknown[0].StartsWith('-');
                hasUnknownCommand |= command.Subcommands.Count > 0;
                continue;
            }
            isAfterUnknownOption = false;
            if (!Match(NoCommand(), error, out _) || parsed.UnmatchedTokens.Count == 0) faults.Add(Sentence(error, command, name));
        }
        return [.. faults.Distinct()];
    }

    /// <summary>The names of a command and of those that it belongs to, without the program's.</summary>
    public static string NameOf(CommandResult command) =>
        command.Parent is CommandResult parent ? $"{NameOf(parent)}{command.Command.Name} " : "";

    private static string Sentence(ParseError error, Command command, string name)
    {
        if (Match(NoCommand(), error, out _))
            return $"`{name}` needs one of its commands: {string.Join(", ", command.Subcommands.Select(sub => sub.Name))}.";
        if (Match(MissingArgument(), error, out string[] argument)) return $"{argument[0]} is missing.";
        if (Match(MissingOption(), error, out string[] option)) return $"{option[0]} is missing.";
        if (Match(MissingValue(), error, out string[] valued)) return $"{valued[0]} needs a value.";
        if (Match(TooMany(), error, out string[] many)) return $"{many[0]} is given several times, and takes one value.";
        if (Match(WrongType(), error, out string[] typed)) return $"{typed[1]}: {Needed(typed[2])} is needed, this is '{typed[0]}'.";
        if (Match(NoneOf(), error, out string[] choice) && error.SymbolResult is OptionResult { Option.Name: var chosen })
            return $"{chosen}: one of {Choices(choice[1])} is needed, this is '{choice[0]}'.";
        if (Match(NoneOf(), error, out choice))
            return $"'{choice[0]}' is none of {Choices(choice[1])}.";
        return error.Message;
    }

    private static string Needed(string type) => type switch
    {
        // Among them Nullable, whose name holds that of the type inside.
        _ when type.Contains("System.Int", StringComparison.Ordinal) => "a whole number",
        _ when type.Contains("System.Double", StringComparison.Ordinal) => "a number",
        _ when type.Contains("System.Boolean", StringComparison.Ordinal) => "true or false",
        _ => EnumCalled(type) is { } choice
            ? $"one of {string.Join(", ", Enum.GetNames(choice).Select(System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName))}"
            : "another value",
    };

    private static Type? EnumCalled(string name) =>
        AppDomain.CurrentDomain.GetAssemblies().Select(assembly => assembly.GetType(name)).FirstOrDefault(found => found is { IsEnum: true });

    private static string Choices(string quoted) => string.Join(", ", Quoted().Matches(quoted).Select(choice => choice.Groups[1].Value));

    // --epochs is --epoch-count, as most people mean it.
    private static string? Alike(string typed, Command command)
    {
        int Common(string option) => option.Zip(typed).TakeWhile(pair => pair.First == pair.Second).Count();
        string? best = command.Options.Select(option => option.Name).MaxBy(Common);
        return best is not null && Common(best) >= Math.Max(5, typed.Length - 2) ? best : null;
    }

    private static string Hint(string typed) => typed switch
    {
        "list" or "jobs" or "ls" or "ps" => "; `hrnet status` lists the jobs",
        "replay" or "purge" => $"; `hrnet deadletters {typed}` does that",
        "download" => "; `hrnet results JOB --download DIR` does that",
        "start" => "; `hrnet up` starts a stack",
        "stop" or "down" => "; Ctrl-C in the terminal of `hrnet up` stops a stack",
        _ => "",
    };

    private static bool Match(Regex pattern, ParseError error, out string[] found)
    {
        Match match = pattern.Match(error.Message);
        found = [.. match.Groups.Cast<Group>().Skip(1).Select(group => group.Value)];
        return match.Success;
    }

    [GeneratedRegex("^Unrecognized command or argument '(.*)'", RegexOptions.Singleline)]
    private static partial Regex Unrecognized();

    [GeneratedRegex("^Required command was not provided")]
    private static partial Regex NoCommand();

    [GeneratedRegex("^Required argument '(.*)' missing for command")]
    private static partial Regex MissingArgument();

    [GeneratedRegex("^Option '(.*)' is required")]
    private static partial Regex MissingOption();

    [GeneratedRegex("^Required argument missing for option: '(.*)'")]
    private static partial Regex MissingValue();

    [GeneratedRegex("^Option '(.*)' expects a single argument")]
    private static partial Regex TooMany();

    [GeneratedRegex("^Cannot parse argument '(.*)' for (?:option|command|argument) '(.*)' as expected type '(.*?)'", RegexOptions.Singleline)]
    private static partial Regex WrongType();

    [GeneratedRegex("^Argument '(.*)' not recognized. Must be one of:(.*)$", RegexOptions.Singleline)]
    private static partial Regex NoneOf();

    [GeneratedRegex("'(.*?)'")]
    private static partial Regex Quoted();
}
