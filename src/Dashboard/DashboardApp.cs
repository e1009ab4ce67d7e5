using System.Net;
using HrNetBatch.Dashboard.Api;
using HrNetBatch.Dashboard.Assets;
using HrNetBatch.Dashboard.Components;
using HrNetBatch.Dashboard.Security;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Health;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.ServiceBus;
using HrNetBatch.Jobs.Settings;
using HrNetBatch.Jobs.Telemetry;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace HrNetBatch.Dashboard;

/// <summary>Puts the web application together.</summary>
public static class DashboardApp
{
    /// <summary>Builds the application, ready to run; the ledger's schema is up to date when it returns.</summary>
    /// <exception cref="Npgsql.NpgsqlException">The ledger's database cannot be reached.</exception>
    public static async Task<WebApplication> BuildAsync(string[] args)
    {
        // The working folder may be anybody's: settings are read beside the program, and no file of it is served.
        WebApplicationBuilder builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        builder.Services.AddSettings<DashboardOptions>(DashboardOptions.Section);
        builder.Services.AddOptions<KestrelServerOptions>().Configure<IOptions<DashboardOptions>>((kestrel, options) =>
        {
            kestrel.AddServerHeader = false;
            if (options.Value.Access == DashboardAccess.Loopback)
                kestrel.Listen(IPAddress.Loopback, options.Value.Port);
            else
                kestrel.ListenAnyIP(options.Value.Port);
        });
        // Open pages ask every two seconds: a log line for each request would bury all others.
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        // Why it cannot start, the program says, without a stack trace.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        // Nothing outlives the process that needs keys, so none are kept in anybody's home folder.
        builder.Services.AddDataProtection().UseEphemeralDataProtectionProvider();
        builder.Services.AddLedger(new JobKinds()).AddServiceBus().AddBlobs();
        builder.Services.AddTelemetryExport(builder.Configuration, "hrnet-dashboard");
        builder.Services.ConfigureOpenTelemetryTracerProvider(traces => traces.AddAspNetCoreInstrumentation(requests => requests.Filter = http => !Health.IsProbe(http.Request)));
        builder.Services.ConfigureOpenTelemetryMeterProvider(metrics => metrics.AddMeter("Microsoft.AspNetCore.Hosting"));
        builder.Services.AddSingleton<JobRates>().AddSingleton<JobQueries>().AddSingleton<ReportQueries>().AddSingleton<HealthProbe>();
        builder.Services.AddRazorComponents();
        builder.Services.AddHangfirePages();
        builder.Services.AddHostedService<AddressAnnouncement>();

        builder.Services.RequireSettings(); // before anything acts on a wrong one
        WebApplication app = builder.Build();
        await app.Services.GetRequiredService<LedgerMigrator>().MigrateAsync();
        app.UseMiddleware<RequestGuard>();
        app.UseMiddleware<SecurityHeaders>();
        app.MapAssets();
        app.MapPages();
        app.MapJobsApi();
        app.MapReportsApi();
        app.MapBacklogApi();
        app.MapHealth();
        app.MapHangfirePages();
        return app;
    }
}
