using System.Reflection;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds;
using HrNetBatch.TestKit;

namespace HrNetBatch.Jobs.Tests;

/// <summary>The walls of docs/map.md: which rooms may know which.</summary>
public sealed class RoomTests
{
    private static readonly Assembly Jobs = typeof(JobStore).Assembly, Kinds = typeof(KindTable).Assembly;

    [Fact]
    public void RoomsOfJobs_DependOnEachOtherOneWay() => Assert.Empty(RoomGraph.Of(Jobs).Cycles);

    [Fact]
    public void RoomsOfKinds_DependOnEachOtherOneWay() => Assert.Empty(RoomGraph.Of(Kinds).Cycles);

    [Fact]
    public void Jobs_KnowNoTensors() => Assert.DoesNotContain(AssemblyClosure.Of(Jobs).Keys, IsOfTensors);

    [Fact]
    public void TheClosure_IsFound() =>
        Assert.Contains(AssemblyClosure.Of(Kinds).Values, way => way.EndsWith("→ TorchSharp", StringComparison.Ordinal));

    [Fact]
    public void ACycle_IsFound()
    {
        IReadOnlyList<string> cycles = RoomGraph.Of(typeof(RoomTests).Assembly).Cycles;
        Assert.Contains("FirstRoom → SecondRoom: Host uses Guest", cycles);
        Assert.Contains("SecondRoom → FirstRoom: Guest uses Host", cycles);
    }

    private static bool IsOfTensors(string assembly) => assembly is "TorchSharp" or "HrNetBatch.Model" or "HrNetBatch.Kinds";
}
