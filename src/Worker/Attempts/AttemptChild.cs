using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using HrNetBatch.Worker.Protocol;

namespace HrNetBatch.Worker.Attempts;

/// <summary>The process of one attempt, seen from the worker: messages in and out, its last words, its end.</summary>
internal sealed class AttemptChild : IDisposable
{
    private readonly Process _process;
    private readonly LastLines _lastWords = new();
    private readonly SemaphoreSlim _sending = new(1);
    private readonly Task _errorReading;

    private AttemptChild(Process process)
    {
        _process = process;
        _errorReading = ReadErrorsAsync();
    }

    public int ProcessId => _process.Id;

    /// <summary>The last lines that the process wrote to its standard error: a native crash says its reason there.</summary>
    public string LastWords => _lastWords.ToString();

    public static AttemptChild Start(AttemptCommand command, int threadCount)
    {
        var start = new ProcessStartInfo(command.FileName, command.Arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false),
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        // OpenMP reads it when libtorch loads; afterwards its pool of threads is already made.
        start.Environment["OMP_NUM_THREADS"] = threadCount.ToString(System.Globalization.CultureInfo.InvariantCulture);
        try
        {
            return new(Process.Start(start)!);
        }
        catch (Win32Exception error)
        {
            throw new InvalidOperationException(
                $"The process of an attempt does not start: {command.FileName}: {error.Message}. Memory, or the limit of processes, may be used up.", error);
        }
    }

    /// <summary>What the process says until it closes its standard output, which its death does too.</summary>
    public async IAsyncEnumerable<Message> ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (MessageLine.TryParse(line) is { } message)
                yield return message;
            else
                _lastWords.Add(line); // half a line of a process that died while writing it
        }
    }

    /// <summary>Sends a message; a process that is gone is no error here, its end is seen where its output is read.</summary>
    public async Task SendAsync(Message message)
    {
        await _sending.WaitAsync();
        try
        {
            await _process.StandardInput.WriteLineAsync(MessageLine.Format(message));
            await _process.StandardInput.FlushAsync();
        }
        catch (Exception gone) when (gone is IOException or ObjectDisposedException)
        {
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>Ends the process at once; nothing happens when it has ended.</summary>
    public void Kill()
    {
        try
        {
            _process.Kill();
        }
        catch (Exception gone) when (gone is InvalidOperationException or Win32Exception)
        {
        }
    }

    /// <summary>Waits for the end of the process.</summary>
    /// <returns>The exit code; 128 + N after signal N.</returns>
    public async Task<int> WaitAsync()
    {
        await _process.WaitForExitAsync();
        // Its last words are in the pipe already; only a process that it left behind could keep that pipe open.
        await Task.WhenAny(_errorReading, Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System));
        return _process.ExitCode;
    }

    public void Dispose()
    {
        Kill();
        _process.Dispose();
        _sending.Dispose();
    }

    private async Task ReadErrorsAsync()
    {
        try
        {
            while (await _process.StandardError.ReadLineAsync() is { } line)
                _lastWords.Add(line);
        }
        catch (Exception closed) when (closed is IOException or ObjectDisposedException or InvalidOperationException)
        {
        }
    }
}
