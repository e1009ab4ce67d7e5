namespace HrNetBatch.LocalStack;

/// <summary>A part of the local stack cannot start; the message says what is missing and what to do.</summary>
public sealed class LocalStackException : Exception
{
    /// <summary>Creates it with a message that says what to do next.</summary>
    public LocalStackException(string message)
        : base(message)
    {
    }

    /// <summary>Creates it with a message that says what to do next, and the cause.</summary>
    public LocalStackException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
