using System.Diagnostics;
using System.Text.Json;
using HrNetBatch.TestKit;

namespace HrNetBatch.Cli.Tests;

public sealed class PublishTests
{
    /// <summary>Without its .deps.json a program that `hrnet up` starts finds no native library but libtorch.</summary>
    [Fact]
    public async Task APublishOfHrnet_CarriesWhatTellsItsProgramsWhereTheirLibrariesAre()
    {
        string configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        using Process build = Process.Start(new ProcessStartInfo("dotnet",
        [
            "msbuild", Path.Combine(Repository.Root, "src", "Cli", "Cli.csproj"), "-t:ComputeResolvedFilesToPublishList",
            "-p:NoBuild=true", $"-p:Configuration={configuration}", "-getItem:ResolvedFileToPublish",
        ])
        { RedirectStandardOutput = true })!;
        string output = await build.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await build.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(build.ExitCode == 0, output);
        using var list = JsonDocument.Parse(output);
        string?[] files = [.. list.RootElement.GetProperty("Items").GetProperty("ResolvedFileToPublish").EnumerateArray().Select(file => file.GetProperty("RelativePath").GetString())];
        Assert.Superset(new HashSet<string?> { "HrNetBatch.Worker.deps.json", "HrNetBatch.Dashboard.deps.json", "HrNetBatch.LocalServiceBus.deps.json" }, new HashSet<string?>(files));
    }
}
