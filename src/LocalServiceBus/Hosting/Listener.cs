using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using HrNetBatch.LocalServiceBus.Administration;
using HrNetBatch.LocalServiceBus.Protocol;

namespace HrNetBatch.LocalServiceBus.Hosting;

/// <summary>
/// Accepts clients on one port of the loopback addresses, with TLS or without. Their first byte says what they speak: AMQP, or HTTP for
/// administration.
/// </summary>
internal sealed class Listener(
    int port, X509Certificate2? certificate, BrokerContext context, AdministrationServer administration) : IAsyncDisposable
{
    private const int Backlog = 512;
    private static readonly TimeSpan TlsTimeout = TimeSpan.FromSeconds(30), FirstByteTimeout = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Task, byte> _clients = [];
    private readonly List<TcpListener> _sockets = [];
    private readonly List<Task> _accepting = [];

    /// <summary>The port, once started.</summary>
    public int Port { get; private set; } = port;

    public void Start()
    {
        Listen(IPAddress.Loopback);
        if (Socket.OSSupportsIPv6)
        {
            try
            {
                Listen(IPAddress.IPv6Loopback);   // some clients mean this one by "localhost"
            }
            catch (SocketException exception)
            {
                context.Log.NoIpv6(Port, exception.Message);
            }
        }
        foreach (TcpListener socket in _sockets) _accepting.Add(AcceptAsync(socket));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (TcpListener socket in _sockets) socket.Dispose();
        await Task.WhenAll(_accepting);
        await Task.WhenAll(_clients.Keys);
        _stop.Dispose();
    }

    private void Listen(IPAddress address)
    {
        var socket = new TcpListener(address, Port);
        try
        {
            socket.Start(Backlog);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
        _sockets.Add(socket);
        Port = ((IPEndPoint)socket.LocalEndpoint).Port;
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                Socket client = await listener.AcceptSocketAsync(_stop.Token);
                Task served = ServeAsync(client);
                _clients.TryAdd(served, 0);
                _ = served.ContinueWith(ended => _clients.TryRemove(ended, out _), TaskScheduler.Default);
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // That client left before it was accepted.
            }
        }
    }

    private async Task ServeAsync(Socket client)
    {
        string name = client.RemoteEndPoint?.ToString() ?? "?";
        context.Log.Connected(name);
        try
        {
            client.NoDelay = true;
            await using Stream stream = await OpenAsync(client);
            PipeReader input = PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true, bufferSize: 32 * 1024));
            if (await SpeaksHttpAsync(input))
            {
                await administration.ServeAsync(stream, input, _stop.Token);
            }
            else
            {
                using var connection = new AmqpConnection(stream, input, context);
                await connection.RunAsync(_stop.Token);
            }
        }
        catch (Exception exception) when (exception is IOException or SocketException or AuthenticationException or OperationCanceledException)
        {
            context.Log.Disconnected(name);
            return;
        }
        catch (Exception exception)
        {
            context.Log.ConnectionBroke(name, exception);
            return;
        }
        context.Log.Disconnected(name);
    }

    // Every method of HTTP begins with a capital letter other than the A of AMQP.
    private async Task<bool> SpeaksHttpAsync(PipeReader input)
    {
        using var timeout = new CancellationTokenSource(FirstByteTimeout, context.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _stop.Token);
        ReadResult read = await input.ReadAtLeastAsync(1, either.Token);
        byte first = read.Buffer.IsEmpty ? (byte)0 : read.Buffer.FirstSpan[0];
        input.AdvanceTo(read.Buffer.Start);
        return first is >= (byte)'B' and <= (byte)'Z';
    }

    private async Task<Stream> OpenAsync(Socket client)
    {
        var plain = new NetworkStream(client, ownsSocket: true);
        if (certificate is null) return plain;
        var secure = new SslStream(plain);
        try
        {
            using var timeout = new CancellationTokenSource(TlsTimeout, context.Time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _stop.Token);
            await secure.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, either.Token);
            return secure;
        }
        catch
        {
            await secure.DisposeAsync();
            throw;
        }
    }
}
