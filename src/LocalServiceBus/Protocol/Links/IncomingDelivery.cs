namespace HrNetBatch.LocalServiceBus.Protocol.Links;

/// <summary>What a client sent over a link.</summary>
/// <param name="Content">The encoded message.</param>
/// <param name="Format">Its format: 0, or a batch.</param>
/// <param name="TransactionId">The transaction that it is a part of; null: none.</param>
internal sealed record IncomingDelivery(byte[] Content, uint Format, byte[]? TransactionId);
