using System.Runtime.InteropServices;

namespace HrNetBatch.Model.Native;

/// <summary>How libtorch's threads wait for each other.</summary>
internal static partial class OpenMp
{
    /// <summary>What OpenMP reads once, when its library loads.</summary>
    internal const string WaitPolicyVariable = "OMP_WAIT_POLICY";

    /// <summary>
    /// Lets waiting threads sleep, unless the user chose otherwise; call it before libtorch loads. By default they spin, which is
    /// meant for a machine of one's own: as soon as anything shares a core (the decoder, a database, another tenant of the host),
    /// each layer of the network waits for a thread that cannot run because another one spins.
    /// </summary>
    internal static void WaitWithoutSpinning()
    {
        // .NET keeps its own copy of the environment, which native libraries do not see.
        if (OperatingSystem.IsLinux())
            _ = setenv(WaitPolicyVariable, "PASSIVE", overwrite: 0);
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);
}
