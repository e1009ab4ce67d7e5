using HrNetBatch.Worker.Protocol;
using Microsoft.Extensions.Logging;

namespace HrNetBatch.Worker.Child;

/// <summary>Sends log lines to the worker, which logs them with the job and the attempt; it also decides which are kept.</summary>
internal sealed class ProtocolLoggerProvider(ProtocolOutput output) : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => new ProtocolLogger(output, categoryName);

    public void Dispose()
    {
    }

    private sealed class ProtocolLogger(ProtocolOutput output, string category) : ILogger
    {
        private const int MessageLength = 16_000; // a line that prints a whole tensor must not hold up the heartbeat

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            string message = formatter(state, exception);
            if (message.Length > MessageLength)
                message = message[..MessageLength] + "…";
            output.Send(new LogMessage(logLevel, category, eventId.Id, eventId.Name, message, exception?.ToString()));
        }
    }
}
