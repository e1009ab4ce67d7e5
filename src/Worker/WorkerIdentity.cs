namespace HrNetBatch.Worker;

/// <summary>Who this worker is, in the ledger and in logs.</summary>
/// <param name="Name">Machine and process.</param>
public sealed record WorkerIdentity(string Name)
{
    /// <summary>This process.</summary>
    public static WorkerIdentity OfThisProcess() => new($"{Environment.MachineName}/{Environment.ProcessId}");
}
