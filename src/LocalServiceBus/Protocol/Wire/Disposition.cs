using Amqp.Types;

namespace HrNetBatch.LocalServiceBus.Protocol.Wire;

/// <summary>What a client says about deliveries.</summary>
/// <param name="IsReceiver">Whether the client received them.</param>
/// <param name="First">The first delivery.</param>
/// <param name="Last">The last delivery.</param>
/// <param name="IsSettled">Whether it expects no answer.</param>
/// <param name="Outcome">What becomes of them; null: nothing yet.</param>
/// <param name="TransactionId">The transaction that this is a part of; null: none.</param>
internal sealed record Disposition(bool IsReceiver, uint First, uint Last, bool IsSettled, DeliveryOutcome? Outcome, byte[]? TransactionId);

/// <summary>What becomes of a delivery.</summary>
internal abstract record DeliveryOutcome;

internal sealed record AcceptedOutcome : DeliveryOutcome;

internal sealed record ReleasedOutcome : DeliveryOutcome;

internal sealed record RejectedOutcome(string? Condition, string? Description, Map? Info) : DeliveryOutcome;

internal sealed record ModifiedOutcome(bool IsUndeliverableHere, Map? Annotations) : DeliveryOutcome;
