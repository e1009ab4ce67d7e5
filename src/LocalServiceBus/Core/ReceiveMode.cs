namespace HrNetBatch.LocalServiceBus.Core;

/// <summary>What becomes of a message that is handed to a receiver.</summary>
public enum ReceiveMode
{
    /// <summary>It is locked until the receiver settles it or the lock runs out.</summary>
    PeekLock,

    /// <summary>It is gone.</summary>
    ReceiveAndDelete,
}
