using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Kinds.Classify;
using HrNetBatch.Kinds.Execution;

namespace HrNetBatch.Simulator;

/// <summary>The kinds of jobs in a history.</summary>
internal static class SimulatedKinds
{
    public static JobKinds All { get; } = new(HandledKind.Of<ProbeArguments, ProbeHandler>(), HandledKind.Of<ClassifyArguments, ClassifyHandler>());
}

/// <summary>A job without units.</summary>
internal sealed record ProbeArguments : IJobArguments
{
    public static string Kind => "probe";

    public static bool NeedsDevice => false;

    public string Note { get; init; } = "";

    public int LaneCount { get; init; } = 1;
}

/// <summary>Never called: attempts are the simulator's own. A kind is served only where it has a handler.</summary>
internal sealed class ProbeHandler : IJobHandler
{
    public Task<Outcome> ExecuteAsync(AttemptContext attempt, CancellationToken stop) => throw new NotSupportedException();
}
