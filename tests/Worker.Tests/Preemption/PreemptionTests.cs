using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.TestKit;
using HrNetBatch.Worker.TestHost;

namespace HrNetBatch.Worker.Tests.Preemption;

/// <summary>A machine that Azure takes away: what runs is handed back in the seconds that are left.</summary>
public sealed class PreemptionTests(PostgresFixture postgres)
{
    [Theory]
    [InlineData("Preempt")]
    [InlineData("Terminate")]
    public async Task Worker_HandsBackAndAcknowledges_WhenItsMachineIsTakenAway(string eventType)
    {
        await using LedgerOfTest ledger = await LedgerOfTest.CreateAsync(postgres);
        await using MetadataService azure = await MetadataService.StartAsync();
        using ProgramProcess worker = Start(ledger, azure, "Preemption:Acknowledge=true");
        Guid job = await ledger.EnqueueAsync(Behaviour.WaitForStop);
        await ledger.ProcessAsync(job);
        Job? whenAcknowledged = null;
        azure.OnAcknowledge = async () => whenAcknowledged = await ledger.FindAsync(job);

        azure.Events = $"[{MetadataService.Event("one", eventType, MetadataService.Machine)}]";

        Assert.Equal(0, await worker.ExitAsync());
        Attempt attempt = Assert.Single(await ledger.AttemptsAsync(job));
        Assert.Equal(("HandedBack", "saved"), (attempt.Outcome, attempt.Error));
        Assert.Equal("one", Assert.Single(azure.Acknowledged));
        Assert.Equal((JobState.Queued, 0, 0), (whenAcknowledged!.State, whenAcknowledged.FailureCount, whenAcknowledged.LostCount));
        Assert.Contains(eventType, worker.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Worker_GoesOn_WhenAnotherMachineIsTakenAway()
    {
        await using LedgerOfTest ledger = await LedgerOfTest.CreateAsync(postgres);
        await using MetadataService azure = await MetadataService.StartAsync();
        azure.Events = $"[{MetadataService.Event("other", "Preempt", "pool_18")},{MetadataService.Event("else", "SomethingNew", MetadataService.Machine)}]";
        using ProgramProcess worker = Start(ledger, azure);

        await ledger.UntilAsync(await ledger.EnqueueAsync(Behaviour.Succeed), JobState.Succeeded);
        int before = azure.AskedCount;
        await Eventually.TrueAsync(() => azure.AskedCount > before + 3, "the worker goes on asking");

        Assert.True(ProgramProcess.IsAlive(worker.Id));
        Assert.Empty(azure.Acknowledged);
    }

    [Fact]
    public async Task Worker_TakesNothing_WhenItIsStartedOnAMachineThatIsAboutToGo()
    {
        await using LedgerOfTest ledger = await LedgerOfTest.CreateAsync(postgres);
        await using MetadataService azure = await MetadataService.StartAsync();
        azure.Events = $"[{MetadataService.Event("one", "Preempt", MetadataService.Machine)}]";
        Guid job = await ledger.EnqueueAsync(Behaviour.Succeed);

        using ProgramProcess worker = Start(ledger, azure);

        Assert.Equal(0, await worker.ExitAsync());
        Assert.Empty(await ledger.AttemptsAsync(job));
        Assert.Empty(azure.Acknowledged); // only where it is said that nobody else needs the machine
    }

    [Fact]
    public async Task Worker_Works_WhereNobodyTellsOfEvents()
    {
        await using LedgerOfTest ledger = await LedgerOfTest.CreateAsync(postgres);
        using ProgramProcess worker = WorkerProcess.Start(ledger.ConnectionString, "Preemption:Source=ScheduledEvents", "Preemption:Address=http://127.0.0.1:1");

        await ledger.UntilAsync(await ledger.EnqueueAsync(Behaviour.Succeed), JobState.Succeeded);

        Assert.Contains("does not tell what Azure plans", worker.Log, StringComparison.Ordinal);
    }

    private static ProgramProcess Start(LedgerOfTest ledger, MetadataService azure, params string[] settings) => WorkerProcess.Start(
        ledger.ConnectionString, ["Preemption:Source=ScheduledEvents", $"Preemption:Address={azure.Address}", "Preemption:Interval=00:00:00.1", .. settings]);
}
