using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Protocol;
using HrNetBatch.LocalServiceBus.Protocol.Security;
using Microsoft.AspNetCore.Http;

namespace HrNetBatch.LocalServiceBus.Administration;

/// <summary>Answers what administration clients ask: one request, one operation of the core.</summary>
internal sealed partial class AdministrationRequests(BrokerContext context)
{
    private const int DefaultPageSize = 100, LargestPageSize = 1000;

    private MessageBroker Broker => context.Broker;

    /// <summary>Answers one request; a refusal is an answer too.</summary>
    public async Task HandleAsync(HttpContext http)
    {
        (int status, XElement? body) = await AnswerAsync(http.Request);
        http.Response.StatusCode = status;
        if (status == StatusCodes.Status401Unauthorized) http.Response.Headers.WWWAuthenticate = "SharedAccessSignature";
        if (body is null) return;
        http.Response.ContentType = body.Name.Namespace == Atom.Namespace
            ? $"application/atom+xml;type={body.Name.LocalName};charset=utf-8"
            : "application/xml; charset=utf-8";
        await http.Response.WriteAsync(body.ToString(SaveOptions.DisableFormatting));
    }

    private async Task<(int Status, XElement? Body)> AnswerAsync(HttpRequest request)
    {
        try
        {
            if (request.Headers.Upgrade.Count > 0)
            {
                return Atom.Error(
                    StatusCodes.Status501NotImplemented,
                    "This broker does not speak AMQP over WebSockets. Connect with AMQP over TCP (AmqpTcp) on this port.");
            }
            string path = request.Path.Value?.Trim('/') ?? "";
            if (IsHealthCheck(request, path)) return (StatusCodes.Status200OK, new XElement("Health", "healthy"));
            Authorize(request, path);
            return await RouteAsync(request, path);
        }
        catch (BrokerException refusal)
        {
            // Clients of administration know bad requests only as 400.
            int status = refusal.Reason is Refusal.NotAllowed or Refusal.NotImplemented
                ? StatusCodes.Status400BadRequest
                : Conditions.StatusOf(refusal.Reason);
            return Atom.Error(status, refusal.Message);
        }
        catch (BadHttpRequestException exception)
        {
            return Atom.Error(exception.StatusCode, exception.Message);
        }
        catch (Exception exception) when (exception is XmlException or FormatException)
        {
            return Atom.Error(StatusCodes.Status400BadRequest, $"The body of the request cannot be used: {exception.Message}");
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            context.Log.RequestFailed(exception);
            return Atom.Error(StatusCodes.Status500InternalServerError, exception.Message);
        }
    }

    private void Authorize(HttpRequest request, string path)
    {
        string token = request.Headers.Authorization.ToString();
        string? fault = context.Key.Check(token, context.Time.GetUtcNow(), out string resource, out _);
        if (fault is null && !Addresses.Covers(resource, path)) fault = $"InvalidAudience: The token is for '{resource}', not for '{path}'.";
        if (fault is null) return;
        throw new BrokerException(Refusal.Unauthorized, token.Length == 0
            ? "The request has no Authorization header. Send a shared access signature in it."
            : $"{fault} Send a shared access signature that is made with the broker's key.");
    }

    private async Task<(int Status, XElement? Body)> RouteAsync(HttpRequest request, string path)
    {
        var atom = new Atom(request);
        if (HttpMethods.IsGet(request.Method))
        {
            if (Is(path, "$namespaceinfo")) return Ok(atom.NamespaceInfo(Broker));
            if (Is(path, "$Resources/queues")) return Ok(Page(atom, request, Broker.List(EntityKind.Queue), atom.Entry));
            if (Is(path, "$Resources/topics")) return Ok(Page(atom, request, Broker.List(EntityKind.Topic), atom.Entry));
        }
        if (RulesPath().Match(path) is { Success: true } rules)
        {
            string subscription = EntityNames.Subscription(rules.Groups["topic"].Value, rules.Groups["subscription"].Value);
            return await RuleAsync(atom, request, subscription, rules.Groups["rule"].Value);
        }
        if (SubscriptionsPath().Match(path) is { Success: true } subscriptions && HttpMethods.IsGet(request.Method))
        {
            EntitySnapshot topic = Get(subscriptions.Groups["topic"].Value, EntityKind.Topic);
            return Ok(Page(atom, request, Broker.List(EntityKind.Subscription, topic.Name), atom.Entry));
        }
        return await EntityAsync(atom, request, path);
    }

    private async Task<(int Status, XElement? Body)> EntityAsync(Atom atom, HttpRequest request, string path)
    {
        switch (request.Method)
        {
            case "GET":
                return Ok(atom.Entry(Get(path, null)));
            case "DELETE":
                await Broker.DeleteAsync(Get(path, null).Name);
                return (StatusCodes.Status200OK, null);
            case "PUT":
                EntityXml asked = EntityXml.Read(await ReadBodyAsync(request), context.MaxMessageBytes);
                if ((asked.Kind == EntityKind.Subscription) != EntityNames.Subscription(path).HasValue)
                    throw new BrokerException(Refusal.InvalidArgument, $"The body describes a {asked.Kind}, which '{path}' is no path of.");
                if (IsUpdate(request)) return Ok(atom.Entry(await Broker.UpdateAsync(path, asked.Kind, asked.Options)));
                Rule[]? rules = asked.DefaultRule is { } rule ? [rule] : null;
                return (StatusCodes.Status201Created, atom.Entry(await Broker.CreateAsync(path, asked.Kind, asked.Options, rules)));
            default:
                throw NoMethod(request);
        }
    }

    private async Task<(int Status, XElement? Body)> RuleAsync(Atom atom, HttpRequest request, string subscription, string name)
    {
        Entity entity = Broker.Find(subscription);
        switch (request.Method)
        {
            case "GET" when name.Length == 0:
                return Ok(Page(atom, request, entity.Rules, rule => atom.Entry(subscription, rule)));
            case "GET":
                return Ok(atom.Entry(subscription, entity.GetRule(name)));
            case "DELETE" when name.Length > 0:
                await entity.RemoveRuleAsync(name);
                return (StatusCodes.Status200OK, null);
            case "PUT" when name.Length > 0:
                Rule rule = RuleXml.Read(Atom.Content(await ReadBodyAsync(request), "RuleDescription")) with { Name = name };
                if (IsUpdate(request)) await entity.ReplaceRuleAsync(rule);
                else await entity.AddRuleAsync(rule);
                int status = IsUpdate(request) ? StatusCodes.Status200OK : StatusCodes.Status201Created;
                return (status, atom.Entry(subscription, entity.GetRule(name)));
            default:
                throw NoMethod(request);
        }
    }

    private EntitySnapshot Get(string name, EntityKind? kind) =>
        Broker.Describe(name) is { } found
        && (kind is null ? found.Description.Kind != EntityKind.DeadLetterQueue : found.Description.Kind == kind)
            ? found
            : throw EntityDirectory.NotFound(name);

    private static XElement Page<T>(Atom atom, HttpRequest request, IReadOnlyList<T> all, Func<T, XElement> entry)
    {
        int skip = Number("$skip", 0, int.MaxValue), top = Number("$top", DefaultPageSize, LargestPageSize);
        return atom.Feed([.. all.Skip(skip).Take(top).Select(entry)], all.Count > skip + (long)top ? skip + top : null, top);

        int Number(string name, int otherwise, int largest)
        {
            string? text = request.Query[name];
            if (string.IsNullOrEmpty(text)) return otherwise;
            return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
                ? Math.Min(number, largest)
                : throw new BrokerException(Refusal.InvalidArgument, $"{name} is '{text}'; it must be a whole number, 0 or more.");
        }
    }

    private static async Task<XElement> ReadBodyAsync(HttpRequest request)
    {
        var settings = new XmlReaderSettings { Async = true, DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null };
        using XmlReader reader = XmlReader.Create(request.Body, settings);
        return await XElement.LoadAsync(reader, LoadOptions.None, request.HttpContext.RequestAborted);
    }

    // As at the emulator's; an entity of that name is asked for with a version.
    private static bool IsHealthCheck(HttpRequest request, string path) =>
        Is(path, "health") && HttpMethods.IsGet(request.Method) && !request.Query.ContainsKey("api-version");

    private static bool IsUpdate(HttpRequest request) => request.Headers.IfMatch.Count > 0;

    private static bool Is(string path, string other) => path.Equals(other, StringComparison.OrdinalIgnoreCase);

    private static (int Status, XElement? Body) Ok(XElement body) => (StatusCodes.Status200OK, body);

    private static BrokerException NoMethod(HttpRequest request) => new(
        Refusal.InvalidArgument, $"{request.Method} is not possible here: administration clients send GET, PUT and DELETE.");

    [GeneratedRegex(
        "^(?<topic>.+)/Subscriptions/(?<subscription>[^/]+)/Rules(/(?<rule>.+))?$", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex RulesPath();

    [GeneratedRegex("^(?<topic>.+)/Subscriptions$", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex SubscriptionsPath();
}
