using HrNetBatch.LocalServiceBus.Core.Filters;

namespace HrNetBatch.LocalServiceBus.Core;

/// <summary>
/// Says which messages of a topic a subscription takes. All rules without an action give one copy of a message that any of them takes;
/// each rule with one gives a copy of its own.
/// </summary>
/// <param name="Name">Its name in the subscription.</param>
/// <param name="Filter">What it takes.</param>
/// <param name="Action">What it changes; null: nothing.</param>
public sealed record Rule(string Name, Filter Filter, SqlAction? Action = null)
{
    /// <summary>The name of the rule that a subscription has when nobody gave it one.</summary>
    public const string DefaultName = "$Default";

    /// <summary>The application property that names the rule on the copies of rules with an action.</summary>
    public const string NameProperty = "RuleName";

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }
}
