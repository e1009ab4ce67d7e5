using System.CommandLine;

namespace HrNetBatch.Cli.Commands;

/// <summary>The option <c>--limit</c> of commands that list.</summary>
internal static class LimitOption
{
    public static Option<int> Create(string description, int usual)
    {
        var limit = new Option<int>("--limit") { Description = description, DefaultValueFactory = _ => usual, HelpName = "N" };
        limit.Validators.Add(result =>
        {
            if (result is { Implicit: false, Tokens: [{ Value: var typed }] } && int.TryParse(typed, out int number) && number < 1)
                result.AddError($"--limit: a whole number from 1 on is needed, this is '{typed}'.");
        });
        return limit;
    }
}
