using System.Runtime.InteropServices;
using HrNetBatch.Model.Native;
using TorchSharp;

namespace HrNetBatch.Model.Tests.Native;

public sealed partial class LibTorchTests
{
    /// <summary>Asked of the C library, because .NET's own copy of the environment says nothing about what OpenMP read.</summary>
    [Fact]
    public void Load_LetsWaitingThreadsSleep_UnlessTheUserChoseOtherwise()
    {
        LibTorch.Load();
        Assert.Equal(Environment.GetEnvironmentVariable(OpenMp.WaitPolicyVariable) ?? "PASSIVE", Marshal.PtrToStringUTF8(getenv(OpenMp.WaitPolicyVariable)));
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint getenv(string name);

    [Fact]
    public void Load_MakesTorchUsable()
    {
        LibTorchFolder folder = LibTorch.Load();

        using torch.Tensor ones = torch.ones(2, 3);
        Assert.Equal(6, ones.sum().ToSingle());
        Assert.Same(folder, LibTorch.Load());
    }

    [Fact]
    public void Find_NamesTheFolderAndTheVariable_WhenTheUsersFolderDoesNotExist()
    {
        var error = Assert.Throws<LibTorchException>(() => LibTorchFolder.Find("/nowhere/torch", AppContext.BaseDirectory, null));
        Assert.Contains("HRNET_LIBTORCH names the folder /nowhere/torch, which does not exist", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Find_NamesTheMissingFile_WhenTheUsersFolderIsNotALibTorch()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(Path.Combine(folder.Path, "libc10.so"), "");

        var error = Assert.Throws<LibTorchException>(() => LibTorchFolder.Find(folder.Path, AppContext.BaseDirectory, null));
        Assert.Contains($"{folder.Path}, which has no libtorch_cpu.so", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Find_SaysWhereItLookedAndWhatToDo_WhenNothingIsThere()
    {
        var error = Assert.Throws<LibTorchException>(() => LibTorchFolder.Find(null, "/opt/app/", "/gone/native"));
        Assert.Contains("/opt/app/libtorch", error.Message, StringComparison.Ordinal);
        Assert.Contains("/gone/native", error.Message, StringComparison.Ordinal);
        Assert.Contains("Set HRNET_LIBTORCH", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Find_PrefersAPublishedProgramsOwnCopy_OverTheBuildMachinesPackage()
    {
        using var folder = new TemporaryFolder();
        string own = Path.Combine(folder.Path, "libtorch"), package = Path.Combine(folder.Path, "package");
        foreach (string place in (string[])[own, package])
        {
            Directory.CreateDirectory(place);
            foreach (string name in (string[])["libc10.so", "libtorch_cpu.so", "libtorch.so"])
                File.WriteAllText(Path.Combine(place, name), "");
        }

        Assert.Equal(own, LibTorchFolder.Find(null, folder.Path, package).Path);
        Directory.Delete(own, recursive: true);
        Assert.Equal(package, LibTorchFolder.Find(null, folder.Path, package).Path);
    }

    private sealed class TemporaryFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("hrnet-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
