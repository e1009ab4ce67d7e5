using System.Diagnostics;
using System.Runtime.InteropServices;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Telemetry;
using HrNetBatch.Kinds.Execution;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace HrNetBatch.Worker.TestHost;

/// <summary>Behaves as the job's arguments ask; the job's activity tells its process: <c>pid N</c>.</summary>
public sealed partial class BehaveHandler(NpgsqlDataSource database) : IJobHandler
{
    private const int SignalStop = 19;

    /// <inheritdoc/>
    public async Task<Outcome> ExecuteAsync(AttemptContext attempt, CancellationToken stop)
    {
        BehaveArguments arguments = attempt.ArgumentsAs<BehaveArguments>();
        if (attempt.Lease.Attempt > arguments.UntilAttempt)
            return Outcome.Success(new { attempt = attempt.Lease.Attempt });
        await attempt.ReportProgressAsync(0, null, $"pid {Environment.ProcessId}", CancellationToken.None);

        switch (arguments.Do)
        {
            case Behaviour.WaitForStop:
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
                return attempt.Stopped("saved");
            case Behaviour.IgnoreStop or Behaviour.Stall:
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, CancellationToken.None);
                break;
            case Behaviour.Abort:
                Console.Error.WriteLine("terminate called after throwing an instance of 'c10::Error'");
                abort();
                break;
            case Behaviour.Die:
                Process.GetCurrentProcess().Kill();
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, CancellationToken.None);
                break;
            case Behaviour.Freeze:
                _ = kill(Environment.ProcessId, SignalStop);
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, CancellationToken.None);
                break;
            case Behaviour.FreezeInWrite:
                await using (NpgsqlConnection connection = await database.OpenConnectionAsync(CancellationToken.None))
                {
                    await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(CancellationToken.None);
                    await Fence.EnterWithJobAsync(transaction, attempt.Lease, CancellationToken.None);
                    _ = kill(Environment.ProcessId, SignalStop);
                }
                break;
            case Behaviour.Refuse:
                throw new JobException("There is nothing at blob://NOWHERE/; name a prefix that has images.");
            case Behaviour.StarveThreads:
                StarveThreads();
                break;
            case Behaviour.Chatter:
                Console.WriteLine("not a message");
                for (int line = 0; line < 10_000; line++)
                    attempt.Logger.LogInformation("line {Line}", line);
                break;
            case Behaviour.Count:
                HrNetTelemetry.TrainSamples.Add(7);
                break;
            case Behaviour.Write:
                for (long step = 0; !stop.IsCancellationRequested; step++)
                {
                    await attempt.RecordMetricsAsync([new($"attempt-{attempt.Lease.Attempt}", step, 0)], CancellationToken.None);
                    await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, CancellationToken.None);
                }
                return attempt.Stopped();
        }
        return Outcome.Success(new { attempt = attempt.Lease.Attempt });
    }

    private static void StarveThreads()
    {
        var never = new ManualResetEventSlim();
        ThreadPool.SetMaxThreads(Environment.ProcessorCount, Environment.ProcessorCount);
        for (int thread = 0; thread < Environment.ProcessorCount * 2; thread++)
            ThreadPool.QueueUserWorkItem(_ => never.Wait(TimeSpan.FromSeconds(7)));
        never.Wait(TimeSpan.FromSeconds(7));
    }

    [LibraryImport("libc")]
    private static partial void abort();

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);
}
