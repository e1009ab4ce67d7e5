using System.IO.Pipelines;
using System.Net;
using HrNetBatch.LocalServiceBus.Protocol;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace HrNetBatch.LocalServiceBus.Administration;

/// <summary>
/// Speaks HTTP with clients that came to a port of the broker. Kestrel reads and bounds the requests; it owns no socket and starts with
/// the first client.
/// </summary>
internal sealed class AdministrationServer(BrokerContext context) : IAsyncDisposable
{
    private const int MaxBodyBytes = 256 * 1024;
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(5);

    private readonly HandedConnections _connections = new();
    private readonly SemaphoreSlim _starting = new(1);
    private KestrelServer? _server;

    /// <summary>Serves one client until it leaves.</summary>
    /// <param name="stream">The connection; the caller disposes it.</param>
    /// <param name="input">What was read of it so far, and reads on.</param>
    /// <param name="stop">Ends it.</param>
    public async Task ServeAsync(Stream stream, PipeReader input, CancellationToken stop)
    {
        await StartAsync(stop);
        await _connections.ServeAsync(stream, input, stop);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_server is { } server)
        {
            using var timeout = new CancellationTokenSource(StopTimeout, TimeProvider.System);
            await server.StopAsync(timeout.Token);
            server.Dispose();
        }
        _starting.Dispose();
    }

    private async Task StartAsync(CancellationToken stop)
    {
        await _starting.WaitAsync(stop);
        try
        {
            if (_server is not null) return;
            var options = new KestrelServerOptions { AddServerHeader = false };
            options.Limits.MaxRequestBodySize = MaxBodyBytes;
            // Never bound: connections are handed over.
            options.Listen(new IPEndPoint(IPAddress.Loopback, 0), listen => listen.Protocols = HttpProtocols.Http1);
            var server = new KestrelServer(Options.Create(options), _connections, NullLoggerFactory.Instance);
            await server.StartAsync(new Application(new AdministrationRequests(context)), stop);
            _server = server;
        }
        finally
        {
            _starting.Release();
        }
    }

    private sealed class Application(AdministrationRequests requests) : IHttpApplication<HttpContext>
    {
        public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

        public Task ProcessRequestAsync(HttpContext context) => requests.HandleAsync(context);

        public void DisposeContext(HttpContext context, Exception? exception)
        {
        }
    }
}
