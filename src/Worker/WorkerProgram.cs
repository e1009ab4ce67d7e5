using Hangfire;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Health;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Settings;
using HrNetBatch.Jobs.Telemetry;
using HrNetBatch.Jobs.Terminal;
using HrNetBatch.Kinds;
using HrNetBatch.Model.Native;
using HrNetBatch.Worker.Attempts;
using HrNetBatch.Worker.Child;
using HrNetBatch.Worker.Devices;
using HrNetBatch.Worker.Events;
using HrNetBatch.Worker.Health;
using HrNetBatch.Worker.Intake;
using HrNetBatch.Worker.Preemption;
using HrNetBatch.Worker.Schedules;
using HrNetBatch.Worker.Waking;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HrNetBatch.Worker;

/// <summary>The program: a worker, or, with the verb <c>attempt</c>, the process of one attempt that a worker started.</summary>
public static class WorkerProgram
{
    /// <summary>Runs until it is told to stop (a worker) or its work is done (an attempt).</summary>
    /// <param name="arguments">The command line: the verb, then configuration as <c>--Section:Key=value</c>.</param>
    /// <param name="kinds">The kinds it runs; null: every kind of this project.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] arguments, JobKinds? kinds = null)
    {
        if (arguments is [AttemptCommand.Verb, .. var rest])
            return await AttemptProcess.RunAsync(rest, kinds);

        PrintableWriter.Install();
        try
        {
            using IHost host = Build(arguments, kinds);
            _ = host.Services.GetRequiredService<DevicePool>(); // a device that is not there is told in a sentence, not by the host with a stack trace
            await host.Services.GetRequiredService<HealthServer>().OpenAsync();
            await host.Services.GetRequiredService<LedgerMigrator>().MigrateAsync();
            await host.RunAsync();
            return 0;
        }
        catch (Exception error) when (SettingsFaults.TryFind(error, out IReadOnlyList<string>? faults))
        {
            await Console.Error.WriteLineAsync($"The worker cannot start: {SettingsFaults.Text(faults)}");
        }
        catch (LibTorchException error)
        {
            await Console.Error.WriteLineAsync($"The worker cannot start: {error.Message}");
        }
        catch (NpgsqlException error)
        {
            await Console.Error.WriteLineAsync($"The worker cannot start: {LedgerTrouble.Describe(error)}");
        }
        return 1;
    }

    /// <summary>Settings of a host that finds its files beside the program, whatever the working folder.</summary>
    internal static HostApplicationBuilderSettings HostSettings(string[] arguments) => new()
    {
        // Not watched for changes: every process would take one of the few file watchers that a user has.
        Args = [.. arguments, "--hostBuilder:reloadConfigOnChange=false"],
        ContentRootPath = AppContext.BaseDirectory,
    };

    private static IHost Build(string[] arguments, JobKinds? kinds)
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder(HostSettings(arguments));
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss ";
        });
        builder.Logging.AddFilter("Hangfire", LogLevel.Error); // it reports every reconnection several times over

        IServiceCollection services = builder.Services;
        services.AddHrNetJobs(builder.Configuration, kinds);
        services.AddTelemetryExport(builder.Configuration, "hrnet-worker");
        services.AddWorker(AttemptCommand.OfThisProgram(arguments));
        services.RequireSettings(); // before anything acts on a wrong one
        return builder.Build();
    }

    private static void AddWorker(this IServiceCollection services, AttemptCommand command)
    {
        services.AddSettings<WorkerOptions>(WorkerOptions.Section).AddSingleton<IValidateOptions<WorkerOptions>, ConcurrencyCheck>();
        services.AddSettings<SupervisionOptions>(SupervisionOptions.Section);
        services.AddSettings<WakingOptions>(WakingOptions.Section);
        services.AddSettings<EventOptions>(EventOptions.Section);
        services.AddSettings<IntakeOptions>(IntakeOptions.Section);
        services.AddSettings<HealthOptions>(HealthOptions.Section);
        services.AddSettings<PreemptionOptions>(PreemptionOptions.Section);
        services.AddOptions<HostOptions>().Configure<IOptions<SupervisionOptions>>((host, supervision) =>
            host.ShutdownTimeout = supervision.Value.HandBackGrace + (2 * SupervisionOptions.EndMargin));

        services.AddSingleton(command);
        services.AddSingleton(WorkerIdentity.OfThisProcess());
        services.AddSingleton<DevicePool>();
        services.AddSingleton<AttemptSupervisor>();
        services.AddSingleton<ServedKinds>();
        services.AddSingleton<StrayWakes>();
        services.AddSingleton<WakeSignal>();
        services.AddSingleton<AdmittedCalls>();
        services.AddHangfire((provider, hangfire) =>
        {
            hangfire
                .UseStorage(HangfireStorage.Open(
                    LedgerConnection.OpenForHangfire("hrnet-worker-hangfire", provider.GetRequiredService<IOptions<LedgerOptions>>().Value, provider.GetRequiredService<EntraPasswords>()),
                    provider.GetRequiredService<IOptions<WakingOptions>>().Value.Interval))
                .WithJobExpirationTimeout(TimeSpan.FromHours(1))
                .SetDataCompatibilityLevel(CompatibilityLevel.Version_180);
            provider.GetRequiredService<AdmittedCalls>().Guard(hangfire);
        });

        // First to start, and last to stop: a worker that drains still lives, no change of a job goes by untold, and Azure may
        // have the machine only when all is handed back.
        services.AddSingleton<HealthProbe>();
        services.AddSingleton<HealthServer>();
        services.AddHostedService(provider => provider.GetRequiredService<HealthServer>());
        services.AddHostedService<EventPublisher>();
        services.AddSingleton<ScheduledEvents>();
        services.AddHostedService<PreemptionWatch>();

        services.AddSingleton<MessageTaker>();

        // Stopped in reverse order: first nothing new is taken in or woken, then the servers wait for what runs.
        services.AddHostedService<HangfireServers>();
        services.AddHostedService<ScheduleMirror>();
        services.AddHostedService<Waker>();
        services.AddHostedService<JobIntake>();
    }
}
