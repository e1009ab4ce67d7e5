using System.Runtime.InteropServices;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Telemetry;
using HrNetBatch.Kinds;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.Model.Imaging;
using HrNetBatch.Model.Native;
using HrNetBatch.Worker.Protocol;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Worker.Child;

/// <summary>The process of one attempt: hears what to do, does it, tells its outcome, ends.</summary>
internal static class AttemptProcess
{
    // Less than the worker waits for this process to exit; it waits for that before it writes the outcome.
    private static readonly TimeSpan FlushLimit = TimeSpan.FromSeconds(3);

    /// <summary>Runs the attempt that the worker describes on standard input.</summary>
    /// <param name="arguments">The worker's own arguments, for the same configuration.</param>
    /// <param name="kinds">The kinds it can run; null: every kind of this project.</param>
    /// <returns>The exit code: 0 once an outcome was told, whichever.</returns>
    public static async Task<int> RunAsync(string[] arguments, JobKinds? kinds)
    {
        MallocTuning.KeepFreedMemory();
        using ProtocolOutput output = ProtocolOutput.Take();
        // Ctrl-C and many supervisors signal the whole group of processes. The worker hears it too and says what to do.
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => signal.Cancel = true);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => signal.Cancel = true);

        using var stop = new AttemptStop();
        var started = new TaskCompletionSource<StartMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
        WorkerInput.Listen(message =>
        {
            if (message is StartMessage start)
                started.TrySetResult(start);
            else if (message is StopMessage { Reason: var reason })
                new Thread(() => stop.Request(reason)) { IsBackground = true, Name = "stop" }.Start(); // its callbacks must not deafen us
        });

        StartMessage order = await started.Task;
        AttemptContext? attempt = null;
        using (Heartbeat.Start(output, order.HeartbeatInterval, () => Volatile.Read(ref attempt)?.WorkCount ?? 0))
        {
            using IHost host = BuildHost(arguments, kinds, order.Start.Lease.Kind, output);
            host.Services.StartTelemetryExport();
            if (host.Services.GetRequiredService<IOptions<DecodingOptions>>().Value.MemoryBytes is { } decodingBytes)
                DecodingBudget.LimitProcess(decodingBytes);
            IJobHandler handler = host.Services.GetRequiredKeyedService<IJobHandler>(order.Start.Lease.Kind);
            attempt = ContextOf(host.Services, order.Start, stop, handler);
            Outcome outcome = await AttemptRunner.RunAsync(handler, attempt, stop);
            output.Send(new OutcomeMessage(outcome));
            host.Services.FlushTelemetry(FlushLimit);
        }
        return 0;
    }

    private static AttemptContext ContextOf(IServiceProvider services, AttemptStart start, AttemptStop stop, IJobHandler handler) => new(
        start, stop, services.GetRequiredService<JobKinds>(), services.GetRequiredService<ProgressStore>(), services.GetRequiredService<MetricStore>(),
        services.GetRequiredService<ILoggerFactory>().CreateLogger(handler.GetType()));

    /// <summary>The worker's services without the worker: nothing here is started.</summary>
    private static IHost BuildHost(string[] arguments, JobKinds? kinds, string kind, ProtocolOutput output)
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder(WorkerProgram.HostSettings(arguments));
        builder.Logging.ClearProviders().AddProvider(new ProtocolLoggerProvider(output));
        builder.Services.AddHrNetJobs(builder.Configuration, kinds).AddTelemetryExport(builder.Configuration, "hrnet-attempt", kind);
        return builder.Build();
    }
}
