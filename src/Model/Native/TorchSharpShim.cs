using System.Runtime.InteropServices;

namespace HrNetBatch.Model.Native;

/// <summary>Loads TorchSharp's native half, libLibTorchSharp, which links to the libtorch that is loaded already.</summary>
/// <remarks>
/// The shim of TorchSharp 0.107 asks for GLIBCXX_3.4.32, which the libstdc++ of Debian 12 or Ubuntu 22.04 does not have,
/// though nothing in it uses that version. Only where the plain load fails, a copy with that demand marked weak is loaded
/// from memory; the file itself stays as it is.
/// </remarks>
internal static class TorchSharpShim
{
    private const string UnusedVersion = "GLIBCXX_3.4.32";

    internal static void Load(LibTorchFolder folder)
    {
        string shim = Find();
        if (NativeLibrary.TryLoad(shim, out _))
            return;

        string reason = LibTorch.Reason(shim);
        if (OperatingSystem.IsLinux() && reason.Contains(UnusedVersion, StringComparison.Ordinal))
        {
            byte[] patched = ElfVersions.MakeWeak(File.ReadAllBytes(shim), UnusedVersion);
            string inMemory = MemoryFile.Create("libLibTorchSharp.so", patched);
            if (NativeLibrary.TryLoad(inMemory, out _))
                return;
            reason = LibTorch.Reason(inMemory);
        }
        throw new LibTorchException($"TorchSharp's {shim} does not load with the libtorch in {folder.Path} ({folder.Origin}): {reason} "
            + $"It needs libtorch {LibTorch.Version}; point {LibTorch.FolderVariable} to a folder with that version.");
    }

    private static string Find()
    {
        string name = OperatingSystem.IsWindows() ? "LibTorchSharp.dll"
            : OperatingSystem.IsMacOS() ? "libLibTorchSharp.dylib" : "libLibTorchSharp.so";
        string system = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux";
        string architecture = RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "arm64" : "x64";

        // A single-file program unpacks its native libraries into a folder that only this list names.
        string[] unpacked = (AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        string[] places = [AppContext.BaseDirectory, Path.Combine(AppContext.BaseDirectory, "runtimes", $"{system}-{architecture}", "native"), .. unpacked];
        return places.Select(place => Path.Combine(place, name)).FirstOrDefault(File.Exists)
            ?? throw new LibTorchException($"{name} was not found in {string.Join(", ", places)}. It comes with the TorchSharp package: "
                + "restore and build again, and publish for this system's runtime identifier.");
    }
}
