using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace HrNetBatch.Dashboard;

/// <summary>Says where the dashboard is once it listens: on standard output, as one line that a parent process can read, and in the log.</summary>
internal sealed partial class AddressAnnouncement(IServer server, IHostApplicationLifetime lifetime, ILogger<AddressAnnouncement> logger) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStarted.Register(() =>
        {
            string url = server.Features.Get<IServerAddressesFeature>()!.Addresses.First();
            Console.WriteLine($"dashboard: {url}");
            LogListening(url);
        });
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(4001, LogLevel.Information, "The dashboard listens at {Url}")]
    private partial void LogListening(string url);
}
