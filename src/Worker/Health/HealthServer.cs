using System.Net;
using HrNetBatch.Jobs.Health;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Worker.Health;

/// <summary>Tells container platforms that this worker lives and whether it can work; to its very end, since a worker that drains is not to be restarted.</summary>
internal sealed partial class HealthServer(
    HealthProbe probe,
    IHostApplicationLifetime lifetime,
    IOptions<HealthOptions> options,
    ILogger<HealthServer> logger) : IHostedService
{
    private WebApplication? _server;

    /// <summary>Begins to answer, before the worker starts: preparing the ledger may take longer than a platform waits for a sign of life.</summary>
    /// <exception cref="OptionsValidationException">The port is taken.</exception>
    public async Task OpenAsync()
    {
        if (options.Value.Port is not { } port)
            return;
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(options.Value.Address == HealthAddress.Any ? IPAddress.Any : IPAddress.Loopback, port);
        });
        _server = builder.Build();
        _server.Run(AnswerAsync);
        try
        {
            await _server.StartAsync();
        }
        catch (IOException taken)
        {
            throw new OptionsValidationException(HealthOptions.Section, typeof(HealthOptions),
                [$"{HealthOptions.Section}:{nameof(HealthOptions.Port)} {port} cannot be listened at ({taken.Message}) Name another, or 0 for any free one."]);
        }
        LogListening(logger, _server.Urls.First());
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_server is null)
            return;
        await _server.StopAsync(cancellationToken);
        await _server.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        HealthReport? report = context.Request.Path.Value switch
        {
            HealthReport.LivePath => HealthReport.Alive,
            HealthReport.ReadyPath when lifetime.ApplicationStopping.IsCancellationRequested => HealthReport.Draining,
            HealthReport.ReadyPath when !lifetime.ApplicationStarted.IsCancellationRequested => HealthReport.Starting,
            HealthReport.ReadyPath => await probe.CheckLedgerAsync(context.RequestAborted),
            _ => null,
        };
        context.Response.StatusCode = report?.StatusCode ?? StatusCodes.Status404NotFound;
        if (report is not null)
            await context.Response.WriteAsJsonAsync(report, context.RequestAborted);
    }

    /// <summary>Signals are the worker's to hear, not this server's.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    [LoggerMessage(150, LogLevel.Information, "How this worker is, is told at {Url}/healthz/live and /healthz/ready")]
    private static partial void LogListening(ILogger logger, string url);
}
