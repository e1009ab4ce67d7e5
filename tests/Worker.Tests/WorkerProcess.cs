using HrNetBatch.TestKit;

namespace HrNetBatch.Worker.Tests;

/// <summary>Starts real workers as processes of their own, with short intervals so that tests are fast.</summary>
internal static class WorkerProcess
{
    /// <summary>Starts a worker on the database.</summary>
    /// <param name="connectionString">The ledger.</param>
    /// <param name="settings">Further settings, as <c>Section:Key=value</c> below HrNetBatch.</param>
    public static ProgramProcess Start(string connectionString, params string[] settings) => StartIn(new Dictionary<string, string>(), connectionString, settings);

    /// <summary>Starts a worker on the database.</summary>
    /// <param name="environment">What its environment has besides the test's.</param>
    /// <param name="connectionString">The ledger.</param>
    /// <param name="settings">Further settings, as <c>Section:Key=value</c> below HrNetBatch.</param>
    public static ProgramProcess StartIn(IReadOnlyDictionary<string, string> environment, string connectionString, params string[] settings) => ProgramProcess.StartIn(
        environment, "HrNetBatch.Worker.TestHost.dll",
        new string[]
        {
            $"Ledger:ConnectionString={connectionString}",
            "Ledger:LeaseDuration=00:00:03", "Ledger:LeaseRenewal=00:00:00.5",
            "Retry:FirstDelay=00:00:00.1",
            "Worker:Device=cpu", "Worker:Concurrency:behave=2",
            "Worker:Waking:Interval=00:00:00.2", "Worker:Waking:Patience=00:00:03", "Worker:Waking:ScheduleInterval=00:00:00.5",
            "Worker:Supervision:HeartbeatInterval=00:00:00.2",
        }.Concat(settings).Select(setting => $"--HrNetBatch:{setting}"));
}
