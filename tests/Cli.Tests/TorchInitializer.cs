using System.Runtime.CompilerServices;
using HrNetBatch.Model.Native;

namespace HrNetBatch.Cli.Tests;

/// <summary>Tests make tensors before they call ours, so libtorch is loaded before any of them runs; one thread, because test classes run side by side, and threads that wait for each other on a busy core spin.</summary>
internal static class TorchInitializer
{
    [ModuleInitializer]
    internal static void Load()
    {
        LibTorch.Load();
        TorchSharp.torch.set_num_threads(1);
    }
}
