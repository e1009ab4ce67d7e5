namespace HrNetBatch.Model.Imaging;

/// <summary>An image that cannot be read; the message is the reason, short enough for a column of a result table.</summary>
public sealed class ImageException : Exception
{
    /// <summary>Creates the exception from a short reason without a full stop.</summary>
    public ImageException(string reason)
        : base(reason)
    {
    }

    /// <summary>Creates the exception from a short reason and what caused it.</summary>
    public ImageException(string reason, Exception cause)
        : base(reason, cause)
    {
    }
}
