using HrNetBatch.TestKit;
using HrNetBatch.Worker.Devices;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace HrNetBatch.Worker.Tests.Devices;

public sealed class DevicePoolTests : IDisposable
{
    private static readonly CudaDevice First = new(0, Guid.NewGuid()), Second = new(1, Guid.NewGuid());

    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Acquire_GivesAGpuToOneWorkerAtATime_WhateverNumberEachGivesIt()
    {
        DevicePool pool = Pool("auto", First), other = Pool("auto", First with { Index = 3 });
        DeviceHold hold = (await pool.AcquireAsync(TestContext.Current.CancellationToken))!;

        Assert.Equal("cuda:0", hold.Device);
        Assert.Null(await other.AcquireAsync(TestContext.Current.CancellationToken));

        hold.Dispose();
        using DeviceHold? next = await other.AcquireAsync(TestContext.Current.CancellationToken);
        Assert.Equal("cuda:3", next?.Device);
    }

    [Fact]
    public async Task Acquire_TakesTheNextFreeGpu()
    {
        DevicePool pool = Pool("auto", First, Second);

        using DeviceHold? one = await pool.AcquireAsync(TestContext.Current.CancellationToken);
        using DeviceHold? two = await pool.AcquireAsync(TestContext.Current.CancellationToken);

        Assert.Equal(("cuda:0", "cuda:1"), (one?.Device, two?.Device));
        Assert.Null(await pool.AcquireAsync(TestContext.Current.CancellationToken));
        Assert.Equal(2, pool.SlotCount("train"));
    }

    [Fact]
    public async Task Acquire_WaitsForAGpu_AsLongAsConfigured()
    {
        DevicePool pool = Pool("auto", TimeSpan.FromSeconds(10), First);
        DeviceHold hold = (await pool.AcquireAsync(TestContext.Current.CancellationToken))!;
        Task<DeviceHold?> waiting = pool.AcquireAsync(TestContext.Current.CancellationToken);

        hold.Dispose();
        _time.Advance(TimeSpan.FromSeconds(1));

        using DeviceHold? next = await waiting;
        Assert.NotNull(next);
    }

    [Fact]
    public async Task Acquire_AlwaysGivesTheCpu_WhenThereIsNoGpu()
    {
        DevicePool pool = Pool("auto");

        using DeviceHold? one = await pool.AcquireAsync(TestContext.Current.CancellationToken);
        using DeviceHold? two = await pool.AcquireAsync(TestContext.Current.CancellationToken);

        Assert.Equal(("cpu", "cpu"), (one?.Device, two?.Device));
    }

    [Fact]
    public void Pool_LeavesGpusAlone_WhenTheCpuIsChosen() => Assert.Empty(Pool("cpu", First).Gpus);

    [Fact]
    public void Pool_UsesOnlyTheChosenGpu() => Assert.Equal([Second], Pool("cuda:1", First, Second).Gpus);

    [Fact]
    public void Pool_SaysWhichGpusThereAre_WhenTheChosenOneIsNot()
    {
        var error = Assert.Throws<OptionsValidationException>(() => Pool("cuda:4", First, Second));

        Assert.Contains("only cuda:0, cuda:1", error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void LockFolder_IsRefused_WhenSomebodyPlantedALink()
    {
        string folder = _folder.File("locks");
        Directory.CreateSymbolicLink(folder, _folder.Path);

        var refused = Assert.Throws<OptionsValidationException>(() => LockFolder.Prepare(folder));

        Assert.Contains("is a link", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LockFolder_IsTheUsersOwn()
    {
        Assert.EndsWith(Environment.UserName, new WorkerOptions().LockFolder, StringComparison.Ordinal);
        Assert.NotEqual(Path.Combine(Path.GetTempPath(), "hrnet-batch-locks"), new WorkerOptions().LockFolder);
    }

    private DevicePool Pool(string device, params CudaDevice[] gpus) => Pool(device, TimeSpan.Zero, gpus);

    private DevicePool Pool(string device, TimeSpan wait, params CudaDevice[] gpus) =>
        new(new WorkerOptions { Device = device, LockFolder = _folder.Path, DeviceWait = wait }, _time, () => gpus);
}
