using System.Globalization;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Native;

/// <summary>From a device's name to the device.</summary>
public static class TorchDevice
{
    /// <summary>The device that <paramref name="name"/> stands for, once it is known to be there.</summary>
    /// <param name="name"><c>cpu</c>, <c>cuda:N</c>, <c>cuda</c> for the first, or <c>auto</c> for the first GPU that libtorch can use, else the CPU.</param>
    /// <exception cref="ArgumentException">There is no such device here; the message says why and what to do.</exception>
    public static Device Parse(string name)
    {
        LibTorchFolder folder = LibTorch.Load();
        switch (name)
        {
            case "cpu":
                return CPU;
            case "auto":
                return folder.HasCuda && cuda.is_available() ? new Device("cuda:0") : CPU;
        }

        string number = name == "cuda" ? "0" : name.StartsWith("cuda:", StringComparison.Ordinal) ? name[5..] : "";
        if (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int index))
            throw new ArgumentException($"There is no device '{name}'. Use auto, cpu or cuda:N.", nameof(name));
        if (!folder.HasCuda)
            throw new ArgumentException($"The device {name} needs a libtorch with CUDA; the one in {folder.Path} ({folder.Origin}) has none. "
                + $"Point {LibTorch.FolderVariable} to one that has, or build with -p:TorchBackend=cuda.", nameof(name));
        if (!cuda.is_available())
            throw new ArgumentException($"The device {name} cannot be used: libtorch finds no CUDA driver or no GPU (see nvidia-smi).", nameof(name));
        int count = cuda.device_count();
        return index < count ? new Device($"cuda:{index}")
            : throw new ArgumentException($"There is no device {name}: this machine has {count}, from cuda:0.", nameof(name));
    }
}
