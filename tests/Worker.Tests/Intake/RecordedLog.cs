using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace HrNetBatch.Worker.Tests.Intake;

/// <summary>Keeps what is logged, for a look at it.</summary>
internal sealed class RecordedLog : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<(int Id, string Text)> _events = new();

    /// <summary>The texts of an event, in order.</summary>
    public string[] Of(int id) => [.. _events.Where(logged => logged.Id == id).Select(logged => logged.Text)];

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _events.Enqueue((eventId.Id, formatter(state, exception)));

    public void Dispose()
    {
    }
}
