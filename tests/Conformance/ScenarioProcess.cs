using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;

namespace HrNetBatch.Conformance.Tests;

/// <summary>A process with a client of another language, which runs scenarios: one request a line in, one answer a line out.</summary>
internal sealed class ScenarioProcess : IDisposable
{
    /// <summary>No scenario takes nearly as long; a client that waits for ever ends here.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);

    private readonly ConcurrentQueue<string> _errors = new();
    private readonly Process _process;

    public ScenarioProcess(ProcessStartInfo start)
    {
        (start.RedirectStandardInput, start.RedirectStandardOutput, start.RedirectStandardError) = (true, true, true);
        _process = Process.Start(start)!;
        _process.ErrorDataReceived += (_, line) => _errors.Enqueue(line.Data ?? "");
        _process.BeginErrorReadLine();
    }

    /// <summary>Runs a scenario. Fails the test with what it said, or skips it where its client is not installed.</summary>
    public async Task RunAsync(object request)
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        await _process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(request).AsMemory(), cancellationToken);
        await _process.StandardInput.FlushAsync(cancellationToken);
        string? answer = await _process.StandardOutput.ReadLineAsync(cancellationToken).AsTask().WaitAsync(Deadline, TimeProvider.System,
            cancellationToken);
        string said = string.Join('\n', _errors);
        Assert.True(answer is not null, $"The client ended: {said}");
        JsonElement result = JsonDocument.Parse(answer).RootElement;
        if (Text("missing") is { } missing)
        {
            Assert.SkipUnless(Environment.GetEnvironmentVariable("CI") is "true" or "1", $"The client is not installed: {missing}");
            Assert.Fail($"The client is not installed: {missing}");
        }
        Assert.True(Text("error") is null, $"{Text("error")}\n{said}");

        string? Text(string name) => result.TryGetProperty(name, out JsonElement text) ? text.GetString() : null;
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }
}
