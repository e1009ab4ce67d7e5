using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace HrNetBatch.Simulator.Wires;

/// <summary>
/// A connection to the real PostgreSQL. What a session sends goes through it request by request, when the scheduler says so.
/// </summary>
internal sealed class Backend(Socket socket) : IDisposable
{
    private byte[] _buffer = new byte[16 << 10];
    private int _received, _parsed, _missing;
    private bool _maybeWrites;

    /// <summary>The process that serves it.</summary>
    public int ProcessId { get; private set; }

    /// <summary>What the server told at the start, without the signing in: what a session hears that gets this connection later.</summary>
    public byte[] Greeting { get; private set; } = [];

    /// <summary>I: no transaction is open; T: one is; E: a failed one is.</summary>
    public char Status { get; private set; } = 'I';

    /// <summary>SQLSTATE and text of the errors in the last answer.</summary>
    public string? Error { get; private set; }

    /// <summary>Whether rows may have changed since <see cref="Forget"/>: the server's word on each statement.</summary>
    public bool HasChanged { get; private set; }

    /// <summary>Begins to look for changes anew.</summary>
    public void Forget() => HasChanged = false;

    /// <summary>The answer, once it is complete.</summary>
    public ReadOnlySpan<byte> Answer => _buffer.AsSpan(0, _received);

    public void Dispose() => socket.Dispose();

    /// <summary>Signs a session in: its messages and the server's pass through as they are.</summary>
    public async Task SignInAsync(byte[] startup, Stream client)
    {
        await using var server = new NetworkStream(socket, ownsSocket: false);
        await server.WriteAsync(startup);
        using var greeting = new MemoryStream();
        greeting.Write([(byte)'R', 0, 0, 0, 8, 0, 0, 0, 0]);
        while (true)
        {
            byte[] message = await ReadMessageAsync(server);
            await client.WriteAsync(message);
            if (message[0] is (byte)'S' or (byte)'K' or (byte)'Z') greeting.Write(message);
            if (message[0] == 'K') ProcessId = BinaryPrimitives.ReadInt32BigEndian(message.AsSpan(5));
            if (message[0] == 'Z') break;
            if (message[0] == 'E') throw new IOException($"PostgreSQL refuses the simulator: {ErrorOf(message.AsSpan(5))}");
            if (message[0] == 'R' && BinaryPrimitives.ReadInt32BigEndian(message.AsSpan(5)) is 3 or 5 or 10 or 11)
                await server.WriteAsync(await ReadMessageAsync(client));
        }
        Greeting = greeting.ToArray();
    }

    /// <summary>Sends a request.</summary>
    /// <param name="request">Whole messages.</param>
    /// <param name="answerCount">How many of them the server answers with "ready".</param>
    /// <param name="maybeWrites">Whether a statement that tells of no change may make one.</param>
    public void Send(ReadOnlySpan<byte> request, int answerCount, bool maybeWrites = true)
    {
        (_received, _parsed, _missing, Error, _maybeWrites) = (0, 0, answerCount, null, maybeWrites);
        while (request.Length > 0) request = request[socket.Send(request)..];
    }

    /// <summary>Takes what has come; true once the answer is complete.</summary>
    public bool TryReceive(int microseconds)
    {
        while (_missing > 0)
        {
            if (!socket.Poll(microseconds, SelectMode.SelectRead)) return false;
            if (_received == _buffer.Length) Array.Resize(ref _buffer, _buffer.Length * 2);
            int count = socket.Receive(_buffer.AsSpan(_received));
            if (count == 0) throw new IOException("PostgreSQL ended a connection of the simulator.");
            _received += count;
            Parse();
        }
        return true;
    }

    /// <summary>Ends whatever transaction is open, as the server does when a connection breaks.</summary>
    public void RollBack()
    {
        if (Status == 'I') return;
        Send([(byte)'Q', 0, 0, 0, 13, .. "ROLLBACK\0"u8], 1);
        while (!TryReceive(1_000_000))
        {
        }
    }

    /// <summary>Reads one message: its type, its length, its body.</summary>
    public static async Task<byte[]> ReadMessageAsync(Stream stream)
    {
        byte[] head = new byte[5];
        await stream.ReadExactlyAsync(head);
        byte[] message = new byte[BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(1)) + 1];
        head.CopyTo(message, 0);
        await stream.ReadExactlyAsync(message.AsMemory(5));
        return message;
    }

    private void Parse()
    {
        while (_received - _parsed >= 5)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(_buffer.AsSpan(_parsed + 1)) + 1;
            if (_received - _parsed < length) return;
            ReadOnlySpan<byte> body = _buffer.AsSpan(_parsed + 5, length - 5);
            switch (_buffer[_parsed])
            {
                case (byte)'Z':
                    Status = (char)body[0];
                    _missing--;
                    break;
                case (byte)'E':
                    Error = ErrorOf(body);
                    break;
                case (byte)'C':
                    // INSERT 0 1, UPDATE 1, DELETE 1; what a WITH does is not told.
                    bool hasRows = body[^2] != '0' || body[^3] != ' ';
                    HasChanged |= body[0] == 'S' ? _maybeWrites : body[0] is (byte)'I' or (byte)'U' or (byte)'D' && hasRows;
                    break;
            }
            _parsed += length;
        }
    }

    private static string ErrorOf(ReadOnlySpan<byte> body)
    {
        string code = "", text = "";
        while (body.Length > 1)
        {
            int end = body.IndexOf((byte)0);
            string value = Encoding.UTF8.GetString(body[1..end]);
            if (body[0] == 'C') code = value;
            if (body[0] == 'M') text = value;
            body = body[(end + 1)..];
        }
        return $"{code} {text}";
    }
}
