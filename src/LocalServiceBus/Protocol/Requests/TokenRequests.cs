using HrNetBatch.LocalServiceBus.Protocol.Security;

namespace HrNetBatch.LocalServiceBus.Protocol.Requests;

/// <summary>Takes the tokens that clients show.</summary>
internal static class TokenRequests
{
    private const string SharedAccessType = "servicebus.windows.net:sastoken";

    public static Response Handle(Request request, BrokerContext context, Claims claims)
    {
        if (request.Property("operation") != "put-token") return Answer(400, "BadRequest: The only operation here is put-token.");
        if (request.Property("type") != SharedAccessType)
            return Answer(401, $"UnsupportedToken: This broker takes shared access signatures only ({SharedAccessType}).");
        string audience = Addresses.Path(request.Property("name") ?? "");
        string? fault = context.Key.Check(request.Body as string ?? "", context.Time.GetUtcNow(), out string resource,
            out DateTimeOffset expiresAt);
        if (fault is null && !Addresses.Covers(resource, audience)) fault =
            $"InvalidAudience: The token is for '{resource}', not for '{audience}'.";
        if (fault is not null) return Answer(401, fault);
        claims.Add(audience, expiresAt);
        return Answer(202, "Accepted");
    }

    private static Response Answer(int status, string description) =>
        new(new Dictionary<string, object> { ["status-code"] = status, ["status-description"] = description }, null);
}
