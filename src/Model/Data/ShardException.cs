namespace HrNetBatch.Model.Data;

/// <summary>A shard that cannot be read as it is; the message names the shard, the place in it and what to do.</summary>
public sealed class ShardException : Exception
{
    /// <summary>Creates the exception.</summary>
    public ShardException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with what caused it.</summary>
    public ShardException(string message, Exception cause)
        : base(message, cause)
    {
    }
}
