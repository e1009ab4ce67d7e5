using HrNetBatch.Jobs.Contracts;

namespace HrNetBatch.Jobs.Messages;

/// <summary>What a message turned out to be.</summary>
public abstract record JobMessageReading
{
    private JobMessageReading()
    {
    }

    /// <summary>A request that the ledger can take.</summary>
    /// <param name="Request">The request, checked.</param>
    public sealed record Accepted(JobRequest Request) : JobMessageReading;

    /// <summary>A message for the dead-letter queue: trying again cannot help.</summary>
    /// <param name="Reason">One of <see cref="JobMessageRefusal"/>.</param>
    /// <param name="Description">What is wrong, naming each field at fault, and what would be right; short enough for the broker.</param>
    public sealed record Refused(string Reason, string Description) : JobMessageReading;
}

/// <summary>Why a message is dead-lettered; stable words, for programs that read the dead-letter queue.</summary>
public static class JobMessageRefusal
{
    /// <summary>No job has this kind.</summary>
    public const string UnknownKind = "UnknownKind";

    /// <summary>A field is unknown, missing, of the wrong type or out of range.</summary>
    public const string InvalidFields = "InvalidFields";

    /// <summary>The body is no JSON in UTF-8.</summary>
    public const string UndecodableBody = "UndecodableBody";

    /// <summary>The body is larger than <see cref="JobMessage.MaximumBodyBytes"/>.</summary>
    public const string BodyTooLarge = "BodyTooLarge";

    /// <summary>The content type is not JSON.</summary>
    public const string UnsupportedContentType = "UnsupportedContentType";

    /// <summary>The body follows another version of the contract.</summary>
    public const string UnsupportedSchemaVersion = "UnsupportedSchemaVersion";

    /// <summary>The id belongs to a job of another kind or with other arguments.</summary>
    public const string IdTaken = "IdTaken";

    /// <summary>The ledger cannot store what it holds.</summary>
    public const string NotStorable = "NotStorable";
}
