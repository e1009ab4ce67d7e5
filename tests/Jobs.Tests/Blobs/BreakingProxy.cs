using System.Net;
using System.Net.Sockets;

namespace HrNetBatch.Jobs.Tests.Blobs;

/// <summary>A TCP proxy on loopback that cuts each connection after so many bytes of answers: a network that breaks in mid-stream.</summary>
internal sealed class BreakingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private readonly int _targetPort;
    private readonly long _bytesUntilBreak;
    private int _brokenCount;

    public BreakingProxy(int targetPort, long bytesUntilBreak)
    {
        (_targetPort, _bytesUntilBreak) = (targetPort, bytesUntilBreak);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public int BrokenCount => _brokenCount;

    private async Task AcceptAsync()
    {
        while (true)
        {
            TcpClient client;
            try
            {
                client = await _listener.AcceptTcpClientAsync(_stop.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            _ = CarryAsync(client);
        }
    }

    private async Task CarryAsync(TcpClient client)
    {
        try
        {
            using (client)
            using (var server = new TcpClient())
            {
                await server.ConnectAsync(IPAddress.Loopback, _targetPort, _stop.Token);
                var asking = client.GetStream().CopyToAsync(server.GetStream(), _stop.Token);
                var buffer = new byte[16 << 10];
                long carried = 0;
                int count;
                while ((count = await server.GetStream().ReadAsync(buffer, _stop.Token)) > 0)
                {
                    await client.GetStream().WriteAsync(buffer.AsMemory(0, count), _stop.Token);
                    if ((carried += count) < _bytesUntilBreak) continue;
                    Interlocked.Increment(ref _brokenCount);
                    client.LingerState = new LingerOption(true, 0); // a reset, not an orderly end
                    break;
                }
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Connections end; that is what this class is for.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }
}
