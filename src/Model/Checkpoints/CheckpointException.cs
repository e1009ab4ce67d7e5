namespace HrNetBatch.Model.Checkpoints;

/// <summary>A checkpoint that cannot be used; the message names the file, what is wrong in it and what to do next.</summary>
public sealed class CheckpointException : Exception
{
    /// <summary>Creates the exception with a message for the reader; what a file may have put into it is made printable.</summary>
    public CheckpointException(string message) : base(ForeignText.Printable(message))
    {
    }

    /// <summary>Creates the exception with a message for the reader and the fault behind it.</summary>
    public CheckpointException(string message, Exception innerException) : base(ForeignText.Printable(message), innerException)
    {
    }

    /// <summary>Creates the exception with no message.</summary>
    public CheckpointException()
    {
    }
}
