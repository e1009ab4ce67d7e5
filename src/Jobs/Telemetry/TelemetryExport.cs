using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace HrNetBatch.Jobs.Telemetry;

/// <summary>
/// Sends metrics, spans and log lines to an OpenTelemetry collector (OTLP), where the environment names one. OpenTelemetry's own
/// variables say the rest: protocol, headers, intervals, sampling; docs/telemetry.md lists those that matter.
/// </summary>
public static class TelemetryExport
{
    /// <summary>The setting that names the collector; without it nothing is sent.</summary>
    public const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>Adds the export, if a collector is named.</summary>
    /// <param name="services">The program's services.</param>
    /// <param name="configuration">Its configuration, the environment among it.</param>
    /// <param name="program">What the program is called there: hrnet-worker, hrnet-attempt, hrnet-dashboard.</param>
    /// <param name="kind">The kind of the job, where the process runs one; its log lines are left to its worker then.</param>
    /// <exception cref="OptionsValidationException">What is named is no address.</exception>
    public static IServiceCollection AddTelemetryExport(this IServiceCollection services, IConfiguration configuration, string program, string? kind = null)
    {
        if (configuration[Endpoint] is not { Length: > 0 } endpoint)
            return services;
        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out Uri? address) || address.Scheme is not ("http" or "https"))
            throw new OptionsValidationException(Endpoint, typeof(Uri), [$"{Endpoint} is '{endpoint}': the collector's address is needed, such as http://localhost:4317 (grpc) or :4318 (http/protobuf), or nothing."]);

        OpenTelemetryBuilder telemetry = services.AddOpenTelemetry()
            .ConfigureResource(resource => Describe(resource, program, kind))
            .WithTracing(traces => traces.AddSource(HrNetTelemetry.Name, "Npgsql").AddOtlpExporter())
            .WithMetrics(metrics => metrics.AddMeter(HrNetTelemetry.Name, "System.Runtime", "Npgsql").AddOtlpExporter());
        if (kind is null)
        {
            telemetry.WithLogging(logs => logs.AddOtlpExporter(), options =>
            {
                options.IncludeFormattedMessage = true;
                options.IncludeScopes = true;
            });
        }
        return services;
    }

    /// <summary>Begins the export in a process whose host is never started.</summary>
    public static void StartTelemetryExport(this IServiceProvider services)
    {
        services.GetService<TracerProvider>();
        services.GetService<MeterProvider>();
    }

    /// <summary>Sends what there is; for the end of a process that was too short to wait for the next interval.</summary>
    /// <param name="services">The program's services.</param>
    /// <param name="limit">How long it may take.</param>
    public static void FlushTelemetry(this IServiceProvider services, TimeSpan limit)
    {
        int milliseconds = (int)limit.TotalMilliseconds;
        Parallel.Invoke(
            () => services.GetService<TracerProvider>()?.ForceFlush(milliseconds),
            () => services.GetService<MeterProvider>()?.ForceFlush(milliseconds));
    }

    private static void Describe(ResourceBuilder resource, string program, string? kind)
    {
        string version = typeof(TelemetryExport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
        resource.Clear()
            .AddService(program, serviceVersion: version, autoGenerateServiceInstanceId: false, serviceInstanceId: $"{Environment.MachineName}/{Environment.ProcessId}")
            .AddTelemetrySdk();
        if (kind is not null)
            resource.AddAttributes([new("hrnetbatch.job.kind", kind)]);
        resource.AddEnvironmentVariableDetector(); // last, so that OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win
    }
}
