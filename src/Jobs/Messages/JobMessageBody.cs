using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using HrNetBatch.Jobs.Contracts;

namespace HrNetBatch.Jobs.Messages;

/// <summary>The JSON body of a message that asks for a job.</summary>
public sealed record JobMessageBody
{
    /// <summary>Version of this contract: 1.</summary>
    public required int SchemaVersion { get; init; }

    /// <summary>The job's id, a UUID; null: it follows from the message id.</summary>
    public Guid? Id { get; init; }

    /// <summary>The kind's arguments.</summary>
    public required JsonElement Arguments { get; init; }

    /// <summary>Jobs that appear when this one succeeds, and never otherwise.</summary>
    [MaxLength(JobMessage.MaximumFollowerCount)]
    public IReadOnlyList<JobMessageFollower> Then { get; init; } = [];

    /// <summary>Earliest start, with its offset from UTC; null: at once.</summary>
    public DateTimeOffset? NotBefore { get; init; }
}

/// <summary>A job that follows another, in the body of that one's message.</summary>
public sealed record JobMessageFollower
{
    /// <summary>The job's id, a UUID; null: it follows from the id of the job before it and the place in its list.</summary>
    public Guid? Id { get; init; }

    /// <summary>The job's kind.</summary>
    public required string Kind { get; init; }

    /// <summary>The kind's arguments; any value may be <c>{{result.field}}</c> of the job before it.</summary>
    public required JsonElement Arguments { get; init; }

    /// <summary>Jobs that follow this one.</summary>
    [MaxLength(JobMessage.MaximumFollowerCount)]
    public IReadOnlyList<JobMessageFollower> Then { get; init; } = [];

    /// <summary>Earliest start, with its offset from UTC; null: at once.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    internal static JobMessageFollower Of(JobRequest request) => new()
    {
        Id = request.Id,
        Kind = request.Kind,
        Arguments = request.Arguments,
        Then = [.. request.Then.Select(Of)],
        NotBefore = request.NotBefore,
    };
}
