using Amqp;
using Amqp.Framing;
using Amqp.Types;
using Microsoft.Extensions.Logging;

namespace HrNetBatch.Jobs.ServiceBus.AmqpClient;

/// <summary>One connection to the broker: its tokens, kept fresh, and the links that stay open. It is never repaired: a new one takes its place.</summary>
internal sealed class BrokerConnection : IAsyncDisposable
{
    /// <summary>How long any answer may take.</summary>
    public static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan RenewalCheck = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RenewalPause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(5);

    private readonly Endpoint _endpoint;
    private readonly TokenSource _tokens;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Connection _connection;
    private readonly Session _session;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Dictionary<string, DateTimeOffset> _renewals = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, SenderLink> _senders = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, RequestLink> _requests = new(StringComparer.OrdinalIgnoreCase);
    private readonly CancellationTokenSource _ended = new();
    private readonly Task _renewing;

    private BrokerConnection(Connection connection, Endpoint endpoint, TokenSource tokens, TimeProvider time, ILogger logger)
    {
        (_connection, _endpoint, _tokens, _time, _logger) = (connection, endpoint, tokens, time, logger);
        _session = new Session(connection);
        _renewing = RenewAsync(_ended.Token);
    }

    /// <summary>False once it broke or was disposed.</summary>
    public bool IsOpen => !_connection.IsClosed && !_session.IsClosed;

    /// <summary>Why it broke; null while it is open.</summary>
    public Error? Error => _connection.Error ?? _session.Error;

    /// <summary>Connects.</summary>
    /// <param name="factory">How: TLS, frames, time-outs.</param>
    /// <param name="endpoint">Where.</param>
    /// <param name="tokens">What opens it.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Told of tokens that could not be renewed.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<BrokerConnection> OpenAsync(
        ConnectionFactory factory, Endpoint endpoint, TokenSource tokens, TimeProvider time, ILogger logger, CancellationToken cancellation)
    {
        var address = new Address(endpoint.Host, endpoint.Port, null, null, "/", endpoint.UsesTls ? "amqps" : "amqp");
        Task<Connection> opening = factory.CreateAsync(address, cancellation);
        try
        {
            return new(await opening.WaitAsync(AnswerLimit, time, cancellation), endpoint, tokens, time, logger);
        }
        catch (Exception)
        {
            _ = opening.ContinueWith(late => late.Result.CloseAsync(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
            throw;
        }
    }

    /// <summary>A session of the caller's own, in which an address may be attached.</summary>
    public async Task<Session> OpenSessionAsync(string address, CancellationToken cancellation)
    {
        using (await EnterAsync(cancellation)) await AuthorizeAsync(address, cancellation);
        return new Session(_connection);
    }

    /// <summary>The link that sends to an entity.</summary>
    public async Task<SenderLink> SenderAsync(string entity, CancellationToken cancellation)
    {
        using (await EnterAsync(cancellation))
        {
            if (_senders.TryGetValue(entity, out SenderLink? link) && !link.IsClosed) return link;
            await AuthorizeAsync(entity, cancellation);
            return _senders[entity] = new SenderLink(_session, Guid.NewGuid().ToString("n"), new Target { Address = entity }, null);
        }
    }

    /// <summary>The link for requests about an entity.</summary>
    public async Task<RequestLink> ManagementAsync(string entity, CancellationToken cancellation)
    {
        string node = $"{entity}/$management";
        using (await EnterAsync(cancellation))
        {
            if (_requests.TryGetValue(node, out RequestLink? link) && link.IsOpen) return link;
            await AuthorizeAsync(node, cancellation);
            return _requests[node] = new RequestLink(_session, node, _time);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _renewing;
        try
        {
            await _connection.CloseAsync(CloseLimit, null);
        }
        catch (Exception exception) when (exception is AmqpException or TimeoutException or ObjectDisposedException or IOException)
        {
            // It is gone, or as good as gone.
        }
        _ended.Dispose();
    }

    // Called inside the gate.
    private async Task AuthorizeAsync(string address, CancellationToken cancellation)
    {
        if (_renewals.ContainsKey(address)) return; // kept fresh below
        _renewals[address] = await PutTokenAsync(address, cancellation);
    }

    /// <returns>When to put the next one.</returns>
    private async Task<DateTimeOffset> PutTokenAsync(string address, CancellationToken cancellation)
    {
        const string Node = "$cbs";
        if (!_requests.TryGetValue(Node, out RequestLink? link) || !link.IsOpen) _requests[Node] = link = new RequestLink(_session, Node, _time);
        string audience = _endpoint.Audience(address);
        Token token = await _tokens.GetAsync(audience, cancellation);
        Message answer = await link.AskAsync(new Map { ["operation"] = "put-token", ["type"] = token.Type, ["name"] = audience }, token.Value, cancellation);
        int status = answer.ApplicationProperties?["status-code"] as int? ?? 0;
        if (status is < 200 or > 299)
        {
            string description = answer.ApplicationProperties?["status-description"] as string ?? "no reason given";
            throw new AmqpException(status is 401 or 403 or 404 ? ErrorCode.UnauthorizedAccess : ErrorCode.InternalError, $"{status}: {description}");
        }
        DateTimeOffset now = _time.GetUtcNow();
        TimeSpan half = (token.ExpiresAt - now) / 2;
        return now + (half > RenewalPause ? half : RenewalPause);
    }

    private async Task RenewAsync(CancellationToken ended)
    {
        using var timer = new PeriodicTimer(RenewalCheck, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(ended) && IsOpen)
            {
                using (await EnterAsync(ended))
                {
                    DateTimeOffset now = _time.GetUtcNow();
                    foreach (string address in _renewals.Where(renewal => renewal.Value <= now).Select(renewal => renewal.Key).ToArray())
                        _renewals[address] = await RenewAsync(address, now, ended);
                }
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // Disposed.
        }
    }

    // A token that could not be renewed is tried again until it is too late: then the broker ends its links, and the next use opens a new connection.
    private async Task<DateTimeOffset> RenewAsync(string address, DateTimeOffset now, CancellationToken ended)
    {
        try
        {
            return await PutTokenAsync(address, ended);
        }
        catch (Exception exception) when (!ended.IsCancellationRequested)
        {
            if (IsOpen) _logger.TokenNotRenewed(exception, _endpoint.ToString(), address, RenewalPause);
            return now + RenewalPause;
        }
    }

    private async Task<Leave> EnterAsync(CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation);
        return new Leave(_gate);
    }

    private readonly struct Leave(SemaphoreSlim gate) : IDisposable
    {
        public void Dispose() => gate.Release();
    }
}
