using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace HrNetBatch.Simulator.Wires;

/// <summary>
/// What stands between the connections of one session and PostgreSQL. Npgsql talks to it as to a server; each request, up to the point
/// where
/// Npgsql waits for an answer, is handed to <paramref name="arrived"/> and goes on when somebody answers it or cuts the connection.
/// </summary>
internal sealed partial class Wire(string folder, int number, Func<Task<Backend>> connect, ConcurrentBag<Backend> idle, Action<WireRequest> arrived) : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    /// <summary>Changes a statement on its way: how tests plant faults into the product.</summary>
    public Func<string, string>? Rewrite { get; set; }

    /// <summary>The part of a connection string that leads here.</summary>
    public string Address { get; } = $"Host={folder};Port={number}";

    public void Start()
    {
        _listener.Bind(new UnixDomainSocketEndPoint(Path.Combine(folder, $".s.PGSQL.{number}")));
        _listener.Listen();
        _ = AcceptAsync();
    }

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ServeAsync(await _listener.AcceptAsync());
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The simulator ends.
        }
    }

    private async Task ServeAsync(Socket client)
    {
        Backend? backend = null;
        WireConnection? connection = null;
        try
        {
            await using var stream = new NetworkStream(client, ownsSocket: true);
            byte[] length = new byte[4];
            await stream.ReadExactlyAsync(length);
            byte[] startup = new byte[BinaryPrimitives.ReadInt32BigEndian(length)];
            length.CopyTo(startup, 0);
            await stream.ReadExactlyAsync(startup.AsMemory(4));
            if (idle.TryTake(out backend))
            {
                await stream.WriteAsync(backend.Greeting);
            }
            else
            {
                backend = await connect();
                await backend.SignInAsync(startup, stream);
            }
            connection = new WireConnection(client, backend, idle);
            await using var buffered = new BufferedStream(stream, 8 << 10);
            await ReadAsync(buffered, connection);
        }
        catch (Exception error) when (error is IOException or SocketException or ObjectDisposedException)
        {
            // The session hung up, or was cut off.
        }
        finally
        {
            connection?.HangUp();
        }
    }

    private async Task ReadAsync(Stream client, WireConnection connection)
    {
        while (true)
        {
            using var request = new MemoryStream();
            var texts = new List<string>();
            int answers = 0;
            for (bool isWhole = false; !isWhole;)
            {
                byte[] message = await Backend.ReadMessageAsync(client);
                switch (message[0])
                {
                    case (byte)'X':
                        return;
                    case (byte)'P':
                        message = Parse(message, texts);
                        break;
                    case (byte)'Q':
                        answers++;
                        string text = Encoding.UTF8.GetString(message.AsSpan(5, message.Length - 6));
                        texts.Add(text);
                        isWhole = !text.StartsWith("BEGIN", StringComparison.Ordinal); // goes together with what comes first in the transaction
                        break;
                    case (byte)'S':
                        answers++;
                        isWhole = true;
                        break;
                }
                request.Write(message);
            }
            arrived(new WireRequest(connection, request.ToArray(), answers, string.Join("; ", texts)));
        }
    }

    private byte[] Parse(byte[] message, List<string> texts)
    {
        int nameEnd = Array.IndexOf(message, (byte)0, 5);
        int textEnd = Array.IndexOf(message, (byte)0, nameEnd + 1);
        string text = Encoding.UTF8.GetString(message.AsSpan(nameEnd + 1, textEnd - nameEnd - 1));
        texts.Add(Spaces().Replace(text, " ").Trim());
        if (Rewrite?.Invoke(text) is not { } changed || changed == text) return message;

        byte[] written = [.. message.AsSpan(0, nameEnd + 1), .. Encoding.UTF8.GetBytes(changed), .. message.AsSpan(textEnd)];
        BinaryPrimitives.WriteInt32BigEndian(written.AsSpan(1), written.Length - 1);
        return written;
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}

/// <summary>A connection of a session.</summary>
internal sealed class WireConnection(Socket client, Backend backend, ConcurrentBag<Backend> idle)
{
    private int _isAway; // 1 once the backend is another's

    public Backend Backend => backend;

    /// <summary>Whether the session can still hear.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Hands the answer to the session.</summary>
    public void Deliver()
    {
        ReadOnlySpan<byte> answer = backend.Answer;
        while (answer.Length > 0) answer = answer[client.Send(answer)..];
    }

    /// <summary>
    /// Breaks the connection at the session's end; the server's end stays with the caller, who says <see cref="Release"/>.
    /// </summary>
    public void Cut()
    {
        IsCut = true;
        client.Close(0);
    }

    /// <summary>Breaks the server's end: it rolls back.</summary>
    public void Release()
    {
        if (Interlocked.Exchange(ref _isAway, 1) == 1) return;
        backend.RollBack();
        idle.Add(backend);
    }

    /// <summary>The session hung up by itself.</summary>
    public void HangUp()
    {
        if (!IsCut) Release();
    }
}

/// <summary>What a session asks of PostgreSQL at once.</summary>
/// <param name="Connection">On which connection.</param>
/// <param name="Bytes">The messages.</param>
/// <param name="AnswerCount">How many of them the server answers with "ready".</param>
/// <param name="Text">The statements.</param>
internal sealed record WireRequest(WireConnection Connection, byte[] Bytes, int AnswerCount, string Text)
{
    /// <summary>Whether it may have to wait for a lock.</summary>
    public bool TakesLocks { get; } = Text.Contains(" FOR ", StringComparison.Ordinal) || Text.Contains("INSERT ", StringComparison.Ordinal)
        || Text.Contains("UPDATE ", StringComparison.Ordinal) || Text.Contains("DELETE ", StringComparison.Ordinal);

    /// <summary>Whether a statement in it may change something under the name of a SELECT.</summary>
    public bool MaybeWrites => Text.Contains("WITH ", StringComparison.Ordinal);
}
