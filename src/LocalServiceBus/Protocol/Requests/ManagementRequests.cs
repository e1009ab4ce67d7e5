using System.Collections;
using Amqp.Types;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Protocol.Links;
using HrNetBatch.LocalServiceBus.Protocol.Messages;
using HrNetBatch.LocalServiceBus.Protocol.Transactions;

namespace HrNetBatch.LocalServiceBus.Protocol.Requests;

/// <summary>What clients ask of an entity beside sending and receiving.</summary>
internal sealed class ManagementRequests(AmqpSession session, Entity entity)
{
    private const string Prefix = "com.microsoft:";

    /// <summary>Does what is asked; a refusal is an answer too.</summary>
    public async Task<Response> HandleAsync(Request request, ActiveTransaction? transaction)
    {
        try
        {
            object? body = await RunAsync(request, transaction);
            bool isEmpty = body is Map map && (map["messages"] is List { Count: 0 } || map["rules"] is List { Count: 0 }
                || map["sessions-ids"] is string[] { Length: 0 });
            return isEmpty ? Answer(204, "There are none.", null) : Answer(200, "OK", body);
        }
        catch (BrokerException refusal)
        {
            Response response = Answer(Conditions.StatusOf(refusal.Reason), refusal.Message, null);
            return response with
            {
                Properties = new Dictionary<string, object>(response.Properties)
                { ["errorCondition"] = (Symbol)Conditions.Of(refusal.Reason) },
            };
        }
    }

    // Clients show the transaction that they are in with every request; what only looks, or locks, is no part of it.
    private async Task<object?> RunAsync(Request request, ActiveTransaction? transaction)
    {
        string operation = request.Property("operation") ?? "";
        switch (operation.StartsWith(Prefix, StringComparison.Ordinal) ? operation[Prefix.Length..] : operation)
        {
            case "renew-lock":
                return new Map { ["expirations"] = await Task.WhenAll(request.Field<Guid[]>("lock-tokens").Select(RenewAsync)) };
            case "peek-message":
                return await PeekAsync(request);
            case "schedule-message":
                return new Map { ["sequence-numbers"] = await ScheduleAsync(request, transaction) };
            case "cancel-scheduled-message":
                await CancelAsync(request.Field<long[]>("sequence-numbers"), transaction);
                return null;
            case "receive-by-sequence-number":
                return await ReceiveDeferredAsync(request, transaction);
            case "update-disposition":
                await Task.WhenAll(request.Field<Guid[]>("lock-tokens").Select(token => SettleAsync(request, token, transaction)));
                return null;
            case "batch-delete-messages":
                return new Map { ["message-count"] = await DeleteAsync(request) };
            case "get-message-sessions":
                return await ListSessionsAsync(request);
            case "add-rule":
                await RuleRequests.AddAsync(request, entity);
                return null;
            case "remove-rule":
                await entity.RemoveRuleAsync(request.Field<string>("rule-name"));
                return null;
            case "enumerate-rules":
                return RuleRequests.List(request, entity);
            case "renew-session-lock":
                CheckSession(request);
                SessionLease lease = await entity.RenewSessionAsync(request.Field<string>("session-id"));
                return new Map { ["expiration"] = lease.LockedUntil.UtcDateTime };
            case "get-session-state":
                CheckSession(request);
                return new Map { ["session-state"] = await entity.GetSessionStateAsync(request.Field<string>("session-id")) };
            case "set-session-state":
                CheckSession(request);
                await SetSessionStateAsync(request.Field<string>("session-id"), request.OptionalField("session-state") as byte[],
                    transaction);
                return null;
            default:
                throw new BrokerException(Refusal.NotImplemented, $"This broker does not know the operation '{operation}'.");
        }
    }

    // Whoever holds the session now must not be disturbed by a receiver that lost it, whose link is still there.
    private void CheckSession(Request request)
    {
        if (request.Property("associated-link-name") is { } name && session.Connection.FindDeliveryLink(name) is { HasLostSession: true })
            throw new BrokerException(Refusal.SessionLockLost, DeliveryLink.SessionLost);
    }

    private Task<int> DeleteAsync(Request request)
    {
        const int MaxCount = 4000;
        int count = (int)Math.Clamp(request.Number("message-count"), 0, MaxCount);
        DateTime before = request.Field<DateTime>("enqueued-time-utc");
        return entity.DeleteAsync(count, new DateTimeOffset(before.ToUniversalTime()), request.OptionalField("session-id") as string);
    }

    private async Task<Map> ListSessionsAsync(Request request)
    {
        DateTime after = request.Field<DateTime>("last-updated-time").ToUniversalTime();
        // Clients ask for all sessions with the latest moment there is.
        if (after.Year < DateTime.MaxValue.Year)
            throw new BrokerException(Refusal.NotImplemented,
                "This broker does not know when a session's state was set: list all sessions, without a time.");
        int skip = (int)request.Number("skip");
        string[] sessions = [.. (await entity.ListSessionsAsync()).Skip(skip).Take((int)request.Number("top"))];
        return new Map { ["skip"] = skip + sessions.Length, ["sessions-ids"] = sessions };
    }

    private async Task<DateTime> RenewAsync(Guid token) => (await entity.RenewLockAsync(token)).UtcDateTime;

    private async Task<Map> PeekAsync(Request request)
    {
        const int MaxCount = 1000;
        int count = (int)Math.Clamp(request.Number("message-count"), 0, MaxCount);
        List<Message> messages = await entity.PeekAsync(
            request.Number("from-sequence-number"), count, request.OptionalField("session-id") as string);
        return new Map
        {
            ["messages"] = ListOf(messages.Select(message =>
            new Map { ["message"] = MessageWriter.WriteBytes(message, isPeek: true) }))
        };
    }

    private Task<long[]> ScheduleAsync(Request request, ActiveTransaction? transaction)
    {
        IncomingMessage[] messages =
        [
            .. request.Field<IList>("messages").OfType<Map>().Select(entry => entry["message"] is byte[] content
                ? MessageReader.Read(content)
                : throw new BrokerException(Refusal.InvalidArgument, "A message to schedule is missing.")),
        ];
        if (transaction is null) return entity.SendAsync(messages);
        transaction.Join(entity, session, isSettlement: false);
        return entity.SendAsync(messages, transaction.Work);
    }

    private Task CancelAsync(long[] numbers, ActiveTransaction? transaction)
    {
        if (transaction is null) return entity.CancelScheduledAsync(numbers);
        transaction.Join(entity, session, isSettlement: true);
        return entity.CancelScheduledAsync(numbers, transaction.Work);
    }

    private Task SetSessionStateAsync(string sessionId, byte[]? state, ActiveTransaction? transaction)
    {
        if (transaction is null) return entity.SetSessionStateAsync(sessionId, state);
        transaction.Join(entity, session, isSettlement: true);
        return entity.SetSessionStateAsync(sessionId, state, transaction.Work);
    }

    private async Task<Map> ReceiveDeferredAsync(Request request, ActiveTransaction? transaction)
    {
        ReceiveMode mode = request.Number("receiver-settle-mode") == 0 ? ReceiveMode.ReceiveAndDelete : ReceiveMode.PeekLock;
        if (transaction is not null && mode == ReceiveMode.ReceiveAndDelete)
            throw new BrokerException(Refusal.NotImplemented,
                "Messages cannot be received and deleted in a transaction: receive under a lock, and complete.");
        List<Message> messages = await entity.ReceiveDeferredAsync(
            request.Field<long[]>("sequence-numbers"), mode, request.OptionalField("session-id") as string);
        return new Map
        {
            ["messages"] = ListOf(messages.Select(message => new Map
            {
                ["lock-token"] = message.Lock?.Token ?? Guid.NewGuid(),
                ["message"] = MessageWriter.WriteBytes(message, lockToken: message.Lock?.Token),
            })),
        };
    }

    private Task SettleAsync(Request request, Guid token, ActiveTransaction? transaction)
    {
        Settlement settlement = SettlementOf(request);
        if (transaction is null) return entity.SettleAsync(token, settlement);
        transaction.Join(entity, session, isSettlement: true);
        return entity.SettleAsync(token, settlement, transaction.Work);
    }

    private static Settlement SettlementOf(Request request)
    {
        IReadOnlyDictionary<string, object?> properties = PropertyMap.Read(request.OptionalField("properties-to-modify") as Map);
        string status = request.Field<string>("disposition-status");
        return status switch
        {
            "completed" => new Completion(),
            "abandoned" => new Abandonment(properties),
            "defered" => new Deferral(properties),   // Service Bus spells it so
            "suspended" => new DeadLettering(
                request.OptionalField("deadletter-reason") as string, request.OptionalField("deadletter-description") as string,
                    properties),
            _ => throw new BrokerException(Refusal.InvalidArgument, $"'{status}' is no disposition-status."),
        };
    }

    private static Response Answer(int status, string description, object? body) => new(
        new Dictionary<string, object>
        {
            ["statusCode"] = status,
            ["statusDescription"] = description,
            [Prefix + "tracking-id"] = Guid.NewGuid().ToString("n"),
        },
        body);

    private static List ListOf(IEnumerable<Map> maps)
    {
        var list = new List();
        list.AddRange(maps);
        return list;
    }
}
