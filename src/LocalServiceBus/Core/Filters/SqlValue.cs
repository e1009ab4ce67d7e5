using System.Globalization;

namespace HrNetBatch.LocalServiceBus.Core.Filters;

/// <summary>An operand of a comparison: a constant or a property. A property that the message lacks is null.</summary>
internal abstract record SqlValue
{
    public abstract object? Of(FilteredMessage message);

    /// <summary>Compares two values: below, at or above 0; null when they cannot be compared.</summary>
    public static int? Compare(object? left, object? right) => (left, right) switch
    {
        (string a, string b) => string.CompareOrdinal(a, b),
        (bool a, bool b) => a.CompareTo(b),
        (DateTime a, DateTime b) => a.CompareTo(b),
        (Guid a, Guid b) => a.CompareTo(b),
        (Guid a, string b) => string.CompareOrdinal(a.ToString(), b.ToLowerInvariant()),
        (string a, Guid b) => -Compare(b, a),
        _ when IsInteger(left) && IsInteger(right) => ToDecimal(left).CompareTo(ToDecimal(right)),
        _ when IsNumber(left) && IsNumber(right) => ToDouble(left).CompareTo(ToDouble(right)),
        _ => null,
    };

    private static bool IsInteger(object? value) => value is sbyte or byte or short or ushort or int or uint or long or ulong or decimal;

    private static bool IsNumber(object? value) => IsInteger(value) || value is float or double;

    private static decimal ToDecimal(object? value) => Convert.ToDecimal(value, CultureInfo.InvariantCulture);

    private static double ToDouble(object? value) => Convert.ToDouble(value, CultureInfo.InvariantCulture);
}

internal sealed record SqlConstant(object? Value) : SqlValue
{
    public override object? Of(FilteredMessage message) => Value;
}

internal sealed record SqlProperty(string Name, bool IsSystem) : SqlValue
{
    public override object? Of(FilteredMessage message) => (IsSystem ? message.System : message.Application).GetValueOrDefault(Name);

    public bool Exists(FilteredMessage message) => (IsSystem ? message.System : message.Application).ContainsKey(Name);
}
