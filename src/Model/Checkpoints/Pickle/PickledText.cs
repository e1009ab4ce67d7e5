using System.Globalization;
using System.Text;

namespace HrNetBatch.Model.Checkpoints.Pickle;

/// <summary>Small plain values as Python shows them: for keys that are neither texts nor integers.</summary>
internal static class PickledText
{
    private const int LongestText = 1000;
    private const int LargestTuple = 64;
    private const int DeepestTuple = 4;

    /// <summary>The text of a scalar or of a tuple of such; null for anything that Python would not take as a key, or that is too large for one.</summary>
    public static string? Of(object? value, int depth = 0)
    {
        switch (value)
        {
            case null: return "None";
            case bool truth: return truth ? "True" : "False";
            case long integer: return integer.ToString(CultureInfo.InvariantCulture);
            case double number: return number.ToString(CultureInfo.InvariantCulture);
            case string { Length: <= LongestText } text: return $"'{text}'";
            case PickledOther other: return other.Text;
            case PickledBytes { Content: { Length: <= LongestText } content }: return $"b'{Encoding.Latin1.GetString(content)}'";
            case PickledInert inert: return inert.Name;
            case PickledGlobal { Name.Length: > 0 } global: return global.Name;
            case object?[] { Length: <= LargestTuple } tuple when depth < DeepestTuple:
                string?[] items = Array.ConvertAll(tuple, item => Of(item, depth + 1));
                if (items.Contains(null))
                    return null;
                string joined = string.Join(", ", items);
                return joined.Length > LongestText ? null : tuple.Length == 1 ? $"({joined},)" : $"({joined})";
            default: return null;
        }
    }
}
