using System.Globalization;

namespace HrNetBatch.Model.Data;

/// <summary>Files that a data set does not read, or members of its tars.</summary>
/// <param name="Reason">Why, and where something can be done, what.</param>
/// <param name="Count">How many.</param>
/// <param name="Example">The first of them.</param>
public sealed record LeftOut(string Reason, long Count, string Example)
{
    /// <inheritdoc/>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Count} left out, {(Count == 1 ? "" : "such as ")}{Example}: {Reason}");
}
