using System.Text.Json.Serialization;

namespace HrNetBatch.Jobs.Health;

/// <summary>How a process is.</summary>
/// <param name="Status"><c>healthy</c>, <c>unhealthy</c>, or of a worker <c>starting</c>, or <c>draining</c> when it takes nothing more.</param>
/// <param name="Reason">What is wrong; null where nothing is.</param>
/// <param name="ServiceBus">Whether Service Bus answers; null where it was not asked.</param>
public sealed record HealthReport(
    string Status,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reason,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ServiceBusHealth? ServiceBus)
{
    /// <summary>All that is needed answers.</summary>
    public const string Healthy = "healthy";

    /// <summary>Something does not.</summary>
    public const string Unhealthy = "unhealthy";

    /// <summary>Where container platforms ask whether the process lives at all.</summary>
    public const string LivePath = "/healthz/live";

    /// <summary>Where they ask whether it can work: 200 or 503.</summary>
    public const string ReadyPath = "/healthz/ready";

    /// <summary>The process lives.</summary>
    public static HealthReport Alive { get; } = new(Healthy, null, null);

    /// <summary>A worker that prepares its ledger and has not begun.</summary>
    public static HealthReport Starting { get; } = new("starting", "the worker has not begun yet", null);

    /// <summary>A worker that was told to stop: it hands back what it has and takes nothing more.</summary>
    public static HealthReport Draining { get; } = new("draining", "the worker was told to stop and hands its attempts back", null);

    /// <summary>The HTTP status that says it.</summary>
    [JsonIgnore]
    public int StatusCode => Status == Healthy ? 200 : 503;
}

/// <summary>Whether Service Bus answers.</summary>
/// <param name="Status"><c>healthy</c>, <c>unhealthy</c>, or <c>off</c> where none is configured.</param>
/// <param name="Reason">What is wrong, and what to do; null where nothing is.</param>
public sealed record ServiceBusHealth(string Status, string? Reason);
