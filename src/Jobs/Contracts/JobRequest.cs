using System.Text.Json;

namespace HrNetBatch.Jobs.Contracts;

/// <summary>Work that somebody asks for: the message that becomes a job.</summary>
public sealed record JobRequest
{
    /// <summary>The job's id; submitting the same id twice makes one job.</summary>
    public Guid Id { get; init; } = Guid.CreateVersion7();

    /// <summary>Stable name of the work, a key of <see cref="JobKinds"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>The kind's arguments as a JSON object; in a follower, strings may hold <c>{{result.field}}</c> of the parent's result.</summary>
    public required JsonElement Arguments { get; init; }

    /// <summary>Jobs that appear when this one succeeds, and never otherwise.</summary>
    public IReadOnlyList<JobRequest> Then { get; init; } = [];

    /// <summary>Earliest start; null means at once.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>Name of the schedule that submitted the job; null when a person or a program did.</summary>
    public string? Schedule { get; init; }

    /// <summary>The W3C <c>traceparent</c> of whoever asks, under which the job's attempts are traced; null: they start traces of their own.</summary>
    public string? TraceParent { get; init; }

    /// <summary>The W3C <c>tracestate</c> that belongs to <see cref="TraceParent"/>.</summary>
    public string? TraceState { get; init; }

    /// <summary>A request for the kind that <typeparamref name="TArguments"/> declares.</summary>
    public static JobRequest For<TArguments>(TArguments arguments)
        where TArguments : IJobArguments =>
        new() { Kind = TArguments.Kind, Arguments = JsonSerializer.SerializeToElement(arguments, JobJson.Options) };

    /// <summary>The same request, and the same followers, under fresh ids: what a schedule submits each time.</summary>
    public JobRequest WithNewIds() => this with { Id = Guid.CreateVersion7(), Then = [.. Then.Select(follower => follower.WithNewIds())] };
}
