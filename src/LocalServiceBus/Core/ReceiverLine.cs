using System.Diagnostics.CodeAnalysis;

namespace HrNetBatch.LocalServiceBus.Core;

/// <summary>The receivers of an entity that have credit, taking turns.</summary>
internal sealed class ReceiverLine
{
    private readonly Queue<Receiver> _line = [];

    /// <summary>How many stand in line.</summary>
    public int Count => _line.Count;

    /// <summary>Puts a receiver at the end of the line, unless it has no credit or stands there already.</summary>
    public void Join(Receiver receiver)
    {
        if (receiver.InLine || !receiver.HasCredit) return;
        receiver.InLine = true;
        _line.Enqueue(receiver);
    }

    /// <summary>Takes the next receiver with credit out of the line.</summary>
    public bool TryTake([NotNullWhen(true)] out Receiver? receiver)
    {
        while (_line.TryDequeue(out receiver))
        {
            receiver.InLine = false;
            if (receiver.HasCredit) return true;
        }
        return false;
    }
}
