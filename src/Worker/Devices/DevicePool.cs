using HrNetBatch.Model.Native;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Worker.Devices;

/// <summary>
/// The devices that this worker may use. A GPU takes one attempt at a time, whichever worker on the machine runs it; on the
/// CPU the concurrency of the kinds is the limit.
/// </summary>
public sealed class DevicePool
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    private readonly WorkerOptions _options;
    private readonly TimeProvider _time;

    /// <summary>Finds the devices.</summary>
    /// <exception cref="OptionsValidationException">A GPU is configured that libtorch cannot use here.</exception>
    public DevicePool(IOptions<WorkerOptions> options, TimeProvider time)
        : this(options.Value, time, FindDevices)
    {
    }

    internal DevicePool(WorkerOptions options, TimeProvider time, Func<IReadOnlyList<CudaDevice>> find)
    {
        _options = options;
        _time = time;
        IReadOnlyList<CudaDevice> found = options.Device == "cpu" ? [] : find();
        Gpus = options.Device is "auto" or "cpu" ? found
            : found.Where(gpu => gpu.Name == options.Device).ToArray() is { Length: > 0 } chosen ? chosen
            : throw new OptionsValidationException(WorkerOptions.Section, typeof(WorkerOptions), [
                $"HrNetBatch:Worker:Device is {options.Device}, but libtorch can use "
                + (found.Count == 0 ? "no GPU here" : $"only {string.Join(", ", found.Select(gpu => gpu.Name))}")
                + $". Check `nvidia-smi`, and that {LibTorch.FolderVariable} names a libtorch with CUDA; or set the device to auto or cpu."]);
        if (Gpus.Count > 0)
            LockFolder.Prepare(options.LockFolder);
    }

    /// <summary>What an attempt holds that needs no GPU: the processor, which many may use.</summary>
    public static DeviceHold Processor => new("cpu", null);

    /// <summary>The GPUs that attempts run on; none means the CPU.</summary>
    public IReadOnlyList<CudaDevice> Gpus { get; }

    /// <summary>How many attempts of a kind run here at once: as configured, else one on each GPU, else one.</summary>
    public int SlotCount(string kind) => _options.Concurrency.TryGetValue(kind, out int configured) ? configured : Math.Max(1, Gpus.Count);

    /// <summary>Processor threads for one attempt: those of the machine, shared among as many as may run at once.</summary>
    public int ThreadCount(string kind) => Math.Max(1, Environment.ProcessorCount / Math.Max(1, Math.Max(Gpus.Count, SlotCount(kind))));

    /// <summary>Waits, but not for ever, until an attempt may run.</summary>
    /// <returns>A device to dispose after the attempt, or null when every GPU stayed busy, or the worker stops.</returns>
    public async Task<DeviceHold?> AcquireAsync(CancellationToken stopping)
    {
        if (Gpus.Count == 0)
            return Processor;

        long start = _time.GetTimestamp();
        while (true)
        {
            if (Gpus.Select(TryHold).FirstOrDefault(hold => hold is not null) is { } hold)
                return hold;
            if (stopping.IsCancellationRequested || _time.GetElapsedTime(start) + RetryInterval > _options.DeviceWait)
                return null;
            await Task.Delay(RetryInterval, _time, CancellationToken.None);
        }
    }

    /// <summary>
    /// The kernel drops the lock with its holder's last breath, so a killed worker leaves no GPU locked. The file's name is the
    /// GPU's identity: two workers may count the same GPU differently.
    /// </summary>
    private DeviceHold? TryHold(CudaDevice gpu)
    {
        string path = Path.Combine(_options.LockFolder, $"gpu-{gpu.Id}.lock");
        try
        {
            return new(gpu.Name, new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static IReadOnlyList<CudaDevice> FindDevices() => LibTorch.Locate().HasCuda ? CudaDriver.Devices() : [];
}
