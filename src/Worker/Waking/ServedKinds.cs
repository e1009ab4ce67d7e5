using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.Worker.Devices;

namespace HrNetBatch.Worker.Waking;

/// <summary>The kinds whose jobs run here.</summary>
internal sealed class ServedKinds(JobKinds kinds, DevicePool devices)
{
    /// <summary>Those with a handler and a slot, by name.</summary>
    public IReadOnlyList<JobKind> Kinds { get; } =
        [.. kinds.All.Where(kind => kind is HandledKind && devices.SlotCount(kind.Name) > 0).OrderBy(kind => kind.Name, StringComparer.Ordinal)];
}
