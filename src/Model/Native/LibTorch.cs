using System.Runtime.InteropServices;

namespace HrNetBatch.Model.Native;

/// <summary>Finds and loads libtorch once per process; call <see cref="Load"/> before anything touches <c>torch</c>.</summary>
/// <remarks>
/// The system's loader knows a loaded library by its SONAME. Once libtorch is loaded from a folder of our choice, the
/// shim of TorchSharp links to exactly that copy, so no project needs its own 450 MB of it.
/// </remarks>
public static class LibTorch
{
    /// <summary>The environment variable that names a folder with the user's own libtorch, CUDA included.</summary>
    public const string FolderVariable = "HRNET_LIBTORCH";

    /// <summary>The version of libtorch that this version of TorchSharp was built against.</summary>
    public const string Version = "2.10";

    private static readonly Lazy<LibTorchFolder> Loaded = new(LoadOnce);

    /// <summary>Loads libtorch unless that has happened; safe to call from any thread, any number of times.</summary>
    /// <returns>The folder it was loaded from.</returns>
    /// <exception cref="LibTorchException">No folder has it, or what the folder has does not load.</exception>
    public static LibTorchFolder Load() => Loaded.Value;

    /// <summary>The folder that <see cref="Load"/> would load from; loads nothing.</summary>
    /// <exception cref="LibTorchException">No folder has libtorch.</exception>
    public static LibTorchFolder Locate() => LibTorchFolder.Find(
        Environment.GetEnvironmentVariable(FolderVariable),
        AppContext.BaseDirectory,
        AppContext.GetData("HrNetBatch.LibTorchFolder") as string);

    private static LibTorchFolder LoadOnce()
    {
        LibTorchFolder folder = Locate();
        OpenMp.WaitWithoutSpinning();

        // By absolute path and in the order of their dependencies: this fixes which copy every later name stands for.
        foreach (string file in folder.Libraries)
        {
            if (!NativeLibrary.TryLoad(file, out _))
                throw new LibTorchException($"libtorch does not load: {Reason(file)} The file comes from {folder.Origin}; "
                    + $"point {FolderVariable} to a folder with libtorch {Version} for this system.");
        }
        TorchSharpShim.Load(folder);
        return folder;
    }

    /// <summary>Why a library does not load, in the system loader's words.</summary>
    internal static string Reason(string file)
    {
        try
        {
            NativeLibrary.Load(file);
            return $"{file} loaded at the second attempt.";
        }
        catch (Exception error) when (error is DllNotFoundException or BadImageFormatException)
        {
            return error.Message.Trim();
        }
    }
}
