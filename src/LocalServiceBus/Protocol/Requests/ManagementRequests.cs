using System.Collections;
using Amqp.Types;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Protocol.Messages;

namespace HrNetBatch.LocalServiceBus.Protocol.Requests;

/// <summary>What clients ask of an entity beside sending and receiving.</summary>
internal sealed class ManagementRequests(Entity entity)
{
    private const string Prefix = "com.microsoft:";

    /// <summary>Does what is asked; a refusal is an answer too.</summary>
    public async Task<Response> HandleAsync(Request request)
    {
        try
        {
            object? body = await RunAsync(request);
            bool isEmpty = body is Map { Count: 1 } map && map["messages"] is List { Count: 0 };
            return isEmpty ? Answer(204, "No messages.", null) : Answer(200, "OK", body);
        }
        catch (BrokerException refusal)
        {
            Response response = Answer(Conditions.StatusOf(refusal.Reason), refusal.Message, null);
            return response with
            {
                Properties = new Dictionary<string, object>(response.Properties) { ["errorCondition"] = (Symbol)Conditions.Of(refusal.Reason) },
            };
        }
    }

    private async Task<object?> RunAsync(Request request)
    {
        string operation = request.Property("operation") ?? "";
        switch (operation.StartsWith(Prefix, StringComparison.Ordinal) ? operation[Prefix.Length..] : operation)
        {
            case "renew-lock":
                return new Map { ["expirations"] = await Task.WhenAll(request.Field<Guid[]>("lock-tokens").Select(RenewAsync)) };
            case "peek-message":
                return await PeekAsync(request);
            case "schedule-message":
                return new Map { ["sequence-numbers"] = await ScheduleAsync(request) };
            case "cancel-scheduled-message":
                await entity.CancelScheduledAsync(request.Field<long[]>("sequence-numbers"));
                return null;
            case "receive-by-sequence-number":
                return await ReceiveDeferredAsync(request);
            case "update-disposition":
                await Task.WhenAll(request.Field<Guid[]>("lock-tokens").Select(token => SettleAsync(request, token)));
                return null;
            case "renew-session-lock":
                SessionLease lease = await entity.RenewSessionAsync(request.Field<string>("session-id"));
                return new Map { ["expiration"] = lease.LockedUntil.UtcDateTime };
            case "get-session-state":
                return new Map { ["session-state"] = await entity.GetSessionStateAsync(request.Field<string>("session-id")) };
            case "set-session-state":
                await entity.SetSessionStateAsync(request.Field<string>("session-id"), request.OptionalField("session-state") as byte[]);
                return null;
            default:
                throw new BrokerException(Refusal.NotImplemented, $"This broker does not know the operation '{operation}'.");
        }
    }

    private async Task<DateTime> RenewAsync(Guid token) => (await entity.RenewLockAsync(token)).UtcDateTime;

    private async Task<Map> PeekAsync(Request request)
    {
        const int MaxCount = 1000;
        int count = (int)Math.Clamp(request.Number("message-count"), 0, MaxCount);
        List<Message> messages = await entity.PeekAsync(
            request.Number("from-sequence-number"), count, request.OptionalField("session-id") as string);
        return new Map { ["messages"] = ListOf(messages.Select(message => new Map { ["message"] = MessageWriter.WriteBytes(message, isPeek: true) })) };
    }

    private Task<long[]> ScheduleAsync(Request request) => entity.SendAsync(
    [
        .. request.Field<IList>("messages").OfType<Map>().Select(entry => entry["message"] is byte[] content
            ? MessageReader.Read(content)
            : throw new BrokerException(Refusal.InvalidArgument, "A message to schedule is missing.")),
    ]);

    private async Task<Map> ReceiveDeferredAsync(Request request)
    {
        ReceiveMode mode = request.Number("receiver-settle-mode") == 0 ? ReceiveMode.ReceiveAndDelete : ReceiveMode.PeekLock;
        List<Message> messages = await entity.ReceiveDeferredAsync(
            request.Field<long[]>("sequence-numbers"), mode, request.OptionalField("session-id") as string);
        return new Map
        {
            ["messages"] = ListOf(messages.Select(message => new Map
            {
                ["lock-token"] = message.Lock?.Token ?? Guid.NewGuid(),
                ["message"] = MessageWriter.WriteBytes(message),
            })),
        };
    }

    private Task SettleAsync(Request request, Guid token)
    {
        IReadOnlyDictionary<string, object?> properties = PropertyMap.Read(request.OptionalField("properties-to-modify") as Map);
        string status = request.Field<string>("disposition-status");
        return status switch
        {
            "completed" => entity.CompleteAsync(token),
            "abandoned" => entity.AbandonAsync(token, properties),
            "defered" => entity.DeferAsync(token, properties),   // Service Bus spells it so
            "suspended" => entity.DeadLetterAsync(
                token, request.OptionalField("deadletter-reason") as string, request.OptionalField("deadletter-description") as string, properties),
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
