namespace HrNetBatch.LocalServiceBus.Core.Filters;

/// <summary>Says which messages of a topic a rule takes.</summary>
public abstract class Filter
{
    /// <summary>Takes every message.</summary>
    public static Filter True { get; } = new ConstantFilter(true);

    /// <summary>Takes no message.</summary>
    public static Filter False { get; } = new ConstantFilter(false);

    /// <summary>Whether the message is taken. Never fails: what cannot be compared is not taken.</summary>
    public abstract bool Matches(FilteredMessage message);

    private sealed class ConstantFilter(bool matches) : Filter
    {
        public override bool Matches(FilteredMessage message) => matches;
    }
}

/// <summary>Takes messages whose properties all equal the given ones.</summary>
/// <param name="system">System properties, by the names of <see cref="FilteredMessage.System"/>.</param>
/// <param name="application">Application properties.</param>
public sealed class CorrelationFilter(IReadOnlyDictionary<string, string> system, IReadOnlyDictionary<string, object?> application) : Filter
{
    /// <summary>System properties, by the names of <see cref="FilteredMessage.System"/>.</summary>
    public IReadOnlyDictionary<string, string> System { get; } = system;

    /// <summary>Application properties.</summary>
    public IReadOnlyDictionary<string, object?> Application { get; } = application;

    /// <inheritdoc/>
    public override bool Matches(FilteredMessage message) =>
        System.All(wanted => message.System.TryGetValue(wanted.Key, out object? value) && wanted.Value.Equals(value))
        && Application.All(wanted =>
            message.Application.TryGetValue(wanted.Key, out object? value) && SqlValue.Compare(value, wanted.Value) == 0);
}
