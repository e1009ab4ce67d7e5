using System.IO.Pipelines;
using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;

namespace HrNetBatch.LocalServiceBus.Administration;

/// <summary>A transport of Kestrel without sockets: it takes the connections that it is given.</summary>
internal sealed class HandedConnections : IConnectionListenerFactory, IConnectionListener
{
    private readonly Channel<ConnectionContext> _waiting = Channel.CreateUnbounded<ConnectionContext>();

    public EndPoint EndPoint { get; private set; } = new IPEndPoint(IPAddress.Loopback, 0);

    /// <summary>Hands a connection to Kestrel and waits until that is done with it.</summary>
    public async Task ServeAsync(Stream stream, PipeReader input, CancellationToken stop)
    {
        await using var connection = new HandedConnection(stream, new Pipes(stream, input));
        if (!_waiting.Writer.TryWrite(connection)) return;
        await using CancellationTokenRegistration stopped = stop.Register(connection.Abort);
        await connection.Ended;
    }

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        EndPoint = endpoint;
        return new(this);
    }

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
        await _waiting.Reader.WaitToReadAsync(cancellationToken) && _waiting.Reader.TryRead(out ConnectionContext? connection)
            ? connection
            : null;

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _waiting.Writer.TryComplete();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => UnbindAsync();

    private sealed class HandedConnection(Stream stream, Pipes pipes) : DefaultConnectionContext(Guid.NewGuid().ToString("n"), pipes, pipes)
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Ended => _ended.Task;

        // The base class would cancel a token on another thread, where the end of the connection may have disposed it already, and
        // nothing there catches what it throws. The end of the stream says the same.
        public override void Abort(ConnectionAbortedException abortReason) => stream.Dispose();

        public override ValueTask DisposeAsync()
        {
            _ended.TrySetResult();
            return base.DisposeAsync();
        }
    }

    private sealed class Pipes(Stream stream, PipeReader input) : IDuplexPipe
    {
        public PipeReader Input { get; } = input;

        public PipeWriter Output { get; } = PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true));
    }
}
