using System.Diagnostics;
using Amqp;
using Amqp.Framing;
using Amqp.Types;

namespace HrNetBatch.Benchmarks.ServiceBus;

/// <summary>One AMQP client on one connection.</summary>
internal sealed class Client(Connection connection) : IAsyncDisposable
{
    private const uint BatchFormat = 0x80013700;
    private const string Queue = "bench";

    private readonly Session _session = new(connection);
    private readonly byte[] _body = new byte[1024];
    private int _number;

    public static async Task<Client> ConnectAsync(string address) => new(await Connection.Factory.CreateAsync(new Address(address)));

    /// <summary>Sends messages, some in flight at a time, in transfers of some messages each.</summary>
    /// <returns>Messages a second, from the first send to the last acknowledgement.</returns>
    public async Task<double> SendAsync(int count, int inFlight, int batch = 1)
    {
        var link = new SenderLink(_session, $"sender-{inFlight}-{batch}", Queue);
        int left = count / batch;
        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, inFlight).Select(async _ =>
        {
            while (Interlocked.Decrement(ref left) >= 0) await link.SendAsync(batch == 1 ? Single() : Batch(batch));
        }));
        double rate = count / batch * batch / Stopwatch.GetElapsedTime(start).TotalSeconds;
        await link.CloseAsync();
        return rate;
    }

    /// <summary>Receives and completes messages until the queue is empty.</summary>
    /// <returns>Messages a second, until every completion is durable.</returns>
    public async Task<double> ReceiveAsync(int count, int credit)
    {
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var link = new ReceiverLink(_session, "receiver", Queue);
        int received = 0;
        long start = Stopwatch.GetTimestamp();
        link.Start(credit, (receiver, message) =>
        {
            receiver.Accept(message);
            if (Interlocked.Increment(ref received) == count) all.SetResult();
        });
        await all.Task;
        await CheckEmptyAsync();
        double rate = count / Stopwatch.GetElapsedTime(start).TotalSeconds;
        await link.CloseAsync();
        return rate;
    }

    public ValueTask DisposeAsync() => new(connection.CloseAsync());

    // The broker answers requests in order, each once all before it is durable: no message left means that all completions count.
    private async Task CheckEmptyAsync()
    {
        var replies = new ReceiverLink(_session, "replies", new Attach { Source = new Source { Address = $"{Queue}/$management" }, Target = new Target { Address = "here" } }, null);
        var requests = new SenderLink(_session, "requests", $"{Queue}/$management");
        await requests.SendAsync(new Message
        {
            Properties = new Properties { MessageId = "1", ReplyTo = "here" },
            ApplicationProperties = new ApplicationProperties { ["operation"] = "com.microsoft:peek-message" },
            BodySection = new AmqpValue { Value = new Map { ["from-sequence-number"] = 0L, ["message-count"] = 1 } },
        });
        Message reply = await replies.ReceiveAsync(TimeSpan.FromMinutes(1));
        const int NoContent = 204;
        if (reply?.ApplicationProperties["statusCode"] is not NoContent) throw new InvalidOperationException("The queue is not empty.");
        await requests.CloseAsync();
        await replies.CloseAsync();
    }

    private Message Single() => new()
    {
        Header = new Header { Durable = true },
        Properties = new Properties { MessageId = $"{Interlocked.Increment(ref _number)}" },
        BodySection = new Data { Binary = _body },
    };

    private Message Batch(int size)
    {
        var messages = new DataList();
        for (int i = 0; i < size; i++)
        {
            ByteBuffer message = Single().Encode();
            messages.Add(new Data { Binary = message.Buffer.AsSpan(message.Offset, message.Length).ToArray() });
        }
        return new Message { Format = BatchFormat, BodySection = messages };
    }
}
