namespace HrNetBatch.LocalServiceBus.Storage;

/// <summary>The broker's file cannot be used; the message says why and what to do.</summary>
public sealed class StoreException(string message, Exception? cause = null) : Exception(message, cause);
