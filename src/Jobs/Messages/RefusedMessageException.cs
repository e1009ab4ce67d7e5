namespace HrNetBatch.Jobs.Messages;

/// <summary>Ends the reading of a message that is refused.</summary>
internal sealed class RefusedMessageException(string reason, string description) : Exception(description)
{
    /// <summary>One of <see cref="JobMessageRefusal"/>.</summary>
    public string Reason => reason;
}
