using System.Globalization;
using System.Xml;

namespace HrNetBatch.LocalServiceBus.Core.Filters;

/// <summary>
/// Values of filters as texts, with the names of their types in XML Schema: how they are kept, and how administration shows them.
/// </summary>
internal sealed record TypedValue(string Type, string Value)
{
    /// <summary>Writes a value.</summary>
    /// <exception cref="FormatException">Its type is none of filters.</exception>
    public static TypedValue Of(object? value) => value switch
    {
        string text => new("string", text),
        bool truth => new("boolean", XmlConvert.ToString(truth)),
        int number => new("int", XmlConvert.ToString(number)),
        long number => new("long", XmlConvert.ToString(number)),
        short number => new("short", XmlConvert.ToString(number)),
        sbyte number => new("byte", XmlConvert.ToString(number)),
        byte number => new("unsignedByte", XmlConvert.ToString(number)),
        ushort number => new("unsignedShort", XmlConvert.ToString(number)),
        uint number => new("unsignedInt", XmlConvert.ToString(number)),
        ulong number => new("unsignedLong", XmlConvert.ToString(number)),
        float number => new("float", XmlConvert.ToString(number)),
        double number => new("double", XmlConvert.ToString(number)),
        decimal number => new("decimal", XmlConvert.ToString(number)),
        DateTime time => new("dateTime", XmlConvert.ToString(time, XmlDateTimeSerializationMode.Utc)),
        TimeSpan duration => new("duration", XmlConvert.ToString(duration)),
        Guid id => new("guid", XmlConvert.ToString(id)),
        _ => throw new FormatException(
            $"A value of the type {value?.GetType().Name ?? "null"} cannot stand in a filter: texts, numbers, truth values, times, "
            + "durations and GUIDs can."),
    };

    /// <summary>Reads the value.</summary>
    /// <exception cref="FormatException">It is not of its type, or the type is none of filters.</exception>
    public object Read()
    {
        try
        {
            return Type switch
            {
                "string" => Value,
                "boolean" => XmlConvert.ToBoolean(Value),
                "int" => XmlConvert.ToInt32(Value),
                "long" => XmlConvert.ToInt64(Value),
                "short" => XmlConvert.ToInt16(Value),
                "byte" => XmlConvert.ToSByte(Value),
                "unsignedByte" => XmlConvert.ToByte(Value),
                "unsignedShort" => XmlConvert.ToUInt16(Value),
                "unsignedInt" => XmlConvert.ToUInt32(Value),
                "unsignedLong" => XmlConvert.ToUInt64(Value),
                "float" => XmlConvert.ToSingle(Value),
                "double" => XmlConvert.ToDouble(Value),
                "decimal" => XmlConvert.ToDecimal(Value),
                "dateTime" => XmlConvert.ToDateTime(Value, XmlDateTimeSerializationMode.Utc),
                "duration" => XmlConvert.ToTimeSpan(Value),
                "guid" => XmlConvert.ToGuid(Value),
                _ => throw new FormatException($"A value of the type '{Type}' cannot stand in a filter."),
            };
        }
        catch (OverflowException)
        {
            throw new FormatException($"'{Value}' is no {Type}.");
        }
    }

    /// <summary>A value as system properties hold it.</summary>
    public static string? Text(object? value) => value is null ? null : Convert.ToString(value, CultureInfo.InvariantCulture);
}
