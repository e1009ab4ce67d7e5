using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Protocol.Security;
using Microsoft.Extensions.Logging;

namespace HrNetBatch.LocalServiceBus.Protocol;

/// <summary>What all connections of a server share.</summary>
internal sealed record BrokerContext(
    MessageBroker Broker, SharedAccessKey Key, int MaxMessageBytes, PendingBytes Pending, TimeProvider Time, ILogger Log);
