using System.Reflection;
using Hangfire;
using Hangfire.Common;
using Hangfire.States;
using Hangfire.Storage;
using HrNetBatch.Worker.Waking;

namespace HrNetBatch.Simulator.Actors;

/// <summary>A call under way to a worker, as Hangfire would carry it.</summary>
internal sealed class Call(string id, Guid job)
{
    public string Id => id;

    public Guid Job => job;

    /// <summary>Hangfire's name of its state; null: Hangfire knows nothing of it.</summary>
    public string? State { get; set; } = EnqueuedState.StateName;

    /// <summary>How often it is still delivered.</summary>
    public int DeliveryCount { get; set; } = 1;
}

/// <summary>What carries calls in a history: it loses, doubles and delays them as the scheduler wants.</summary>
internal sealed class Calls(Action<Call> made) : JobStorage, IBackgroundJobClient
{
    private readonly List<Call> _all = [];

    public IReadOnlyList<Call> All => _all;

    public string Create(Job job, IState state)
    {
        if (job.Type != typeof(WakeJob)) throw new NotSupportedException($"The simulator carries no {job.Type}.");
        var call = new Call($"{_all.Count + 1}", (Guid)job.Args[0]);
        _all.Add(call);
        made(call);
        return call.Id;
    }

    public bool ChangeState(string jobId, IState state, string expectedState)
    {
        if (_all.SingleOrDefault(call => call.Id == jobId) is not { } call) return false;
        call.State = state.Name;
        call.DeliveryCount = 0;
        return true;
    }

    public override IMonitoringApi GetMonitoringApi() => throw new NotSupportedException();

    public override IStorageConnection GetConnection()
    {
        IStorageConnection connection = DispatchProxy.Create<IStorageConnection, Connection>();
        ((Connection)(object)connection).Calls = this;
        return connection;
    }

#pragma warning disable CA1852 // DispatchProxy derives from it
    internal class Connection : DispatchProxy
#pragma warning restore CA1852
    {
        public Calls Calls { get; set; } = null!;

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => targetMethod!.Name switch
        {
            nameof(IDisposable.Dispose) => null,
            nameof(IStorageConnection.GetJobParameter) => null,
            nameof(IStorageConnection.GetStateData) =>
                Calls.All.SingleOrDefault(call => call.Id == (string)args![0]!)?.State is { } state ? new StateData { Name = state } : null,
            _ => throw new NotSupportedException($"The simulator's Hangfire has no {targetMethod.Name}."),
        };
    }
}
