using System.Runtime.CompilerServices;
using HrNetBatch.Model.Native;

namespace HrNetBatch.Model.Tests;

/// <summary>Tests make tensors before they call ours, so libtorch is loaded before any of them runs; two threads, because machines are shared.</summary>
internal static class TorchInitializer
{
    [ModuleInitializer]
    internal static void Load()
    {
        LibTorch.Load();
        TorchSharp.torch.set_num_threads(2);
    }
}
