using System.Text.Json.Serialization;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Kinds.Execution;
using Microsoft.Extensions.Logging;

namespace HrNetBatch.Worker.Protocol;

/// <summary>
/// What a worker and the process of an attempt say to each other, one JSON object a line. To the process: start, once, then
/// perhaps stop. From it: log lines and heartbeats, then its outcome.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(StartMessage), "start")]
[JsonDerivedType(typeof(StopMessage), "stop")]
[JsonDerivedType(typeof(LogMessage), "log")]
[JsonDerivedType(typeof(HeartbeatMessage), "heartbeat")]
[JsonDerivedType(typeof(OutcomeMessage), "outcome")]
public abstract record Message;

/// <summary>The first thing that the process hears.</summary>
/// <param name="Start">The work.</param>
/// <param name="HeartbeatInterval">How often it has to say that it lives.</param>
public sealed record StartMessage(AttemptStart Start, TimeSpan HeartbeatInterval) : Message;

/// <summary>Save what there is and end; an interruption may be followed by a cancellation.</summary>
/// <param name="Reason">Why.</param>
public sealed record StopMessage(StopReason Reason) : Message;

/// <summary>A line for the worker's log.</summary>
/// <param name="Level">How much it matters.</param>
/// <param name="Category">The logger's category.</param>
/// <param name="EventId">The event's number, 0 for none.</param>
/// <param name="EventName">The event's name.</param>
/// <param name="Text">The line.</param>
/// <param name="Exception">The exception as text.</param>
public sealed record LogMessage(LogLevel Level, string Category, int EventId, string? EventName, string Text, string? Exception) : Message;

/// <summary>The process lives.</summary>
/// <param name="WorkCount">How often its handler has said that it gets on.</param>
public sealed record HeartbeatMessage(long WorkCount) : Message;

/// <summary>The last thing that the process says.</summary>
/// <param name="Outcome">How the attempt ended.</param>
public sealed record OutcomeMessage(Outcome Outcome) : Message;
