using System.Net;
using System.Net.Sockets;

namespace HrNetBatch.Jobs.Tests.Blobs;

/// <summary>What happens to a connection.</summary>
internal enum NetworkFault
{
    /// <summary>It is reset.</summary>
    Reset,

    /// <summary>It stays open and carries nothing more: what a lost route looks like.</summary>
    Silence,
}

/// <summary>A TCP proxy on loopback whose connections fail after so many bytes of answers; after so many of them the network is well again.</summary>
internal sealed class FaultyNetwork : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private readonly int _targetPort;
    private readonly NetworkFault _fault;
    private readonly long _bytesUntilFault;
    private readonly int _faults;
    private long _carried;
    private int _faulty;

    public FaultyNetwork(int targetPort, NetworkFault fault, long bytesUntilFault, int faults = int.MaxValue)
    {
        (_targetPort, _fault, _bytesUntilFault, _faults) = (targetPort, fault, bytesUntilFault, faults);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Connections that failed.</summary>
    public int FaultCount => Math.Min(Volatile.Read(ref _faulty), _faults);

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
                    if (carried + count > _bytesUntilFault && Interlocked.Increment(ref _faulty) <= _faults)
                    {
                        if (_fault == NetworkFault.Silence)
                            await asking;   // until the client has had enough
                        client.LingerState = new LingerOption(true, 0);   // a reset, not an orderly end
                        return;
                    }
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
