using System.Net;
using System.Net.Sockets;

namespace HrNetBatch.Jobs.Tests.Blobs;

/// <summary>
/// A TCP proxy on loopback whose connections fall silent after so many bytes of answers, and stay open: what a lost route looks like.
/// After so many of them the network is well again.
/// </summary>
internal sealed class FaultyNetwork : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private readonly int _targetPort;
    private readonly long _bytesUntilSilence;
    private readonly int _silences;
    private long _carried;
    private int _silenced;

    public FaultyNetwork(int targetPort, long bytesUntilSilence, int silences)
    {
        (_targetPort, _bytesUntilSilence, _silences) = (targetPort, bytesUntilSilence, silences);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Connections that fell silent.</summary>
    public int SilencedCount => Math.Min(Volatile.Read(ref _silenced), _silences);

    /// <summary>Bytes of answers, headers included, that came through.</summary>
    public long CarriedBytes => Interlocked.Read(ref _carried);

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
                Task asking = client.GetStream().CopyToAsync(server.GetStream(), _stop.Token);
                byte[] buffer = new byte[16 << 10];
                long carried = 0;
                int count;
                while ((count = await server.GetStream().ReadAsync(buffer, _stop.Token)) > 0)
                {
                    if (carried + count > _bytesUntilSilence && Interlocked.Increment(ref _silenced) <= _silences)
                        await asking;   // until the client has had enough
                    carried += count;
                    await client.GetStream().WriteAsync(buffer.AsMemory(0, count), _stop.Token);
                    Interlocked.Add(ref _carried, count);
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
