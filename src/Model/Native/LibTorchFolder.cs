namespace HrNetBatch.Model.Native;

/// <summary>A folder that holds libtorch.</summary>
/// <param name="Path">The folder's full path.</param>
/// <param name="Origin">How it was found, for messages.</param>
public sealed record LibTorchFolder(string Path, string Origin)
{
    private static readonly string[] Names = OperatingSystem.IsWindows() ? ["c10.dll", "torch_cpu.dll", "torch.dll"]
        : OperatingSystem.IsMacOS() ? ["libc10.dylib", "libtorch_cpu.dylib", "libtorch.dylib"]
        : ["libc10.so", "libtorch_cpu.so", "libtorch.so"];

    private static readonly string[] CudaNames = OperatingSystem.IsWindows() ? ["c10_cuda.dll", "torch_cuda.dll"]
        : ["libc10_cuda.so", "libtorch_cuda.so"];

    /// <summary>Whether this libtorch was built with CUDA; says nothing about a device being there.</summary>
    public bool HasCuda => CudaNames.All(name => File.Exists(System.IO.Path.Combine(Path, name)));

    /// <summary>The libraries to load, each after those it depends on.</summary>
    internal IEnumerable<string> Libraries =>
        from name in HasCuda ? [.. Names[..2], .. CudaNames, Names[2]] : Names
        select System.IO.Path.Combine(Path, name);

    /// <summary>
    /// The first folder that has libtorch: the user's own, else a published program's, else the one that the build wrote
    /// into runtimeconfig.json. A user's own folder is never passed over in silence.
    /// </summary>
    internal static LibTorchFolder Find(string? users, string programFolder, string? builds)
    {
        if (!string.IsNullOrWhiteSpace(users))
        {
            var folder = new LibTorchFolder(System.IO.Path.GetFullPath(users), $"the environment variable {LibTorch.FolderVariable}");
            return folder.Missing() is not { } missing ? folder : throw new LibTorchException(
                $"{LibTorch.FolderVariable} names the folder {folder.Path}, which {(Directory.Exists(folder.Path) ? $"has no {missing}" : "does not exist")}. "
                + $"Point it to a folder with libtorch {LibTorch.Version}: the lib folder of an unpacked libtorch, or a Python's site-packages/torch/lib.");
        }

        List<LibTorchFolder> places =
        [
            new(System.IO.Path.Combine(programFolder, "libtorch"), "the folder beside the program"),
            new(System.IO.Path.Combine(programFolder, "runtimes", "linux-x64", "native"), "the program's own libraries"),
            new(programFolder.TrimEnd(System.IO.Path.DirectorySeparatorChar), "the program's folder"),
        ];
        if (!string.IsNullOrEmpty(builds))
            places.Add(new(System.IO.Path.GetFullPath(builds), "the NuGet package named in runtimeconfig.json"));

        return places.Find(place => place.Missing() is null) ?? throw new LibTorchException(
            $"libtorch was not found. Looked for {Names[1]} in {string.Join(", ", places.Select(place => place.Path))}. "
            + $"Set {LibTorch.FolderVariable} to a folder with libtorch {LibTorch.Version} (the lib folder of an unpacked libtorch, "
            + "or a Python's site-packages/torch/lib), or build with -p:TorchBackend=cpu.");
    }

    private string? Missing() => Names.FirstOrDefault(name => !File.Exists(System.IO.Path.Combine(Path, name)));
}
