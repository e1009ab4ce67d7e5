using System.Diagnostics;
using System.Reflection;
using HrNetBatch.TestKit;

namespace HrNetBatch.Infra.Tests.Bicep;

/// <summary>The Bicep CLI from NuGet, which works without Azure.</summary>
internal static class BicepCli
{
    private static readonly string Program = Path.Combine(
        typeof(BicepCli).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "BicepFolder").Value!, "bicep");

    /// <summary>The repository's infra/bicep.</summary>
    public static string Source { get; } = Path.Combine(Repository.Root, "infra", "bicep");

    /// <summary>A copy of infra/bicep in which a test may write.</summary>
    public static TemporaryFolder Copy()
    {
        TemporaryFolder copy = new();
        foreach (string file in Files())
        {
            string target = copy.File(file);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(Path.Combine(Source, file), target);
        }
        return copy;
    }

    /// <summary>Every file of infra/bicep, as paths within it.</summary>
    public static IEnumerable<string> Files() =>
        Directory.EnumerateFiles(Source, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Source, file)).Order(StringComparer.Ordinal);

    /// <summary>Runs the CLI; whoever runs the tests has no say in what parameter files read from the environment.</summary>
    /// <param name="folder">Its working folder.</param>
    /// <param name="environment">Variables that parameter files read.</param>
    /// <param name="arguments">Its command line.</param>
    public static async Task<BicepResult> RunAsync(string folder, IReadOnlyDictionary<string, string> environment, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(Program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("HRNET_", StringComparison.Ordinal)).ToArray())
            start.Environment.Remove(name);
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        start.Environment["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1";

        using Process process = Process.Start(start)!;
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        Task<string> output = process.StandardOutput.ReadToEndAsync(cancellation), errors = process.StandardError.ReadToEndAsync(cancellation);
        await process.WaitForExitAsync(cancellation);
        return new(process.ExitCode, await output, await errors);
    }

    /// <inheritdoc cref="RunAsync(string, IReadOnlyDictionary{string, string}, IEnumerable{string})"/>
    public static Task<BicepResult> RunAsync(string folder, params IEnumerable<string> arguments) =>
        RunAsync(folder, new Dictionary<string, string>(), arguments);
}

/// <summary>What a run of the CLI came to. Warnings stand in <paramref name="Errors"/>, with an exit code of 0.</summary>
internal sealed record BicepResult(int ExitCode, string Output, string Errors)
{
    /// <summary>Passes only when there was neither an error nor a warning.</summary>
    public void ShouldBeClean()
    {
        Assert.True(ExitCode == 0, $"{Errors}\n{Output}");
        Assert.Equal("", Errors.Trim());
    }
}
