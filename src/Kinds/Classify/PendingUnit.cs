using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds.Classify.Parts;

namespace HrNetBatch.Kinds.Classify;

/// <summary>A unit in the pipeline: its rows arrive in any order, from any thread, and are kept in the order of its items.</summary>
internal sealed class PendingUnit(Unit unit)
{
    private readonly ClassifiedRow?[] _rows = new ClassifiedRow?[unit.Items.Count];
    private int _missingCount = unit.Items.Count;

    public int Index => unit.Index;

    /// <summary>The rows with predictions; complete once the last item is settled.</summary>
    public List<ClassifiedRow> Rows => [.. _rows.OfType<ClassifiedRow>().Where(row => row.Error is null)];

    /// <summary>The failed items.</summary>
    public List<FailedItem> Failed =>
        [.. _rows.OfType<ClassifiedRow>().Where(row => row.Error is not null).Select(row => new FailedItem { Name = row.Name, Etag = row.ETag, Reason = row.Error! })];

    public IEnumerable<PendingItem> Items => unit.Items.Select((item, position) => new PendingItem(this, position, item));

    /// <summary>Sets an item's row, once; true for the unit's last.</summary>
    public bool Settle(int position, ClassifiedRow row)
    {
        _rows[position] = row;
        return Interlocked.Decrement(ref _missingCount) == 0;
    }
}

/// <summary>A blob on its way through the pipeline.</summary>
internal sealed record PendingItem(PendingUnit Unit, int Position, UnitItem Item);

/// <summary>A blob that was read.</summary>
/// <param name="Item">The blob.</param>
/// <param name="Bytes">All of it.</param>
/// <param name="ETag">The version that was read.</param>
/// <param name="Room">What it holds of the <see cref="ByteGate"/>.</param>
internal sealed record EncodedImage(PendingItem Item, byte[] Bytes, string ETag, int Room);

/// <summary>An image ready for the network.</summary>
/// <param name="Item">The blob it comes from.</param>
/// <param name="ETag">The version that was read.</param>
/// <param name="Pixels">[3, size, size] float32, RGB, normalised, at the start of a rented array.</param>
internal sealed record PreparedImage(PendingItem Item, string ETag, float[] Pixels);
