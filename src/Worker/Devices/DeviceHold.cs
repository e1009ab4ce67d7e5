namespace HrNetBatch.Worker.Devices;

/// <summary>The right to run one attempt on a device, until disposed.</summary>
/// <param name="device">The device's name for libtorch.</param>
/// <param name="lockFile">What keeps other attempts off it; null where none has to be kept off.</param>
public sealed class DeviceHold(string device, FileStream? lockFile) : IDisposable
{
    /// <summary>The device's name for libtorch: <c>cpu</c> or <c>cuda:N</c>.</summary>
    public string Device { get; } = device;

    /// <summary>Lets the next attempt have the device.</summary>
    public void Dispose() => lockFile?.Dispose();
}
