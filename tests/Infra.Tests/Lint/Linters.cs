using System.Diagnostics;
using System.Text.Json;
using HrNetBatch.LocalStack;
using HrNetBatch.TestKit;

namespace HrNetBatch.Infra.Tests.Lint;

/// <summary>Published linters, from npm, each asked through lint.mjs.</summary>
internal static class Linters
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web);

    /// <summary>Fails the test with everything that a linter finds wrong with a file.</summary>
    public static async Task FindNothingAsync(string kind, string file)
    {
        string[] faults = await AskAsync<string[]>(kind, file);
        Assert.True(faults.Length == 0, $"{file}:\n{string.Join('\n', faults)}");
    }

    /// <summary>What lint.mjs answers.</summary>
    public static async Task<T> AskAsync<T>(string kind, string file)
    {
        CancellationToken stop = TestContext.Current.CancellationToken;
        string modules = await RequiredService.StartedAsync(
            "The linters", NpmPackages.Of(typeof(Linters).Assembly, "lint").InstallAsync(null, stop));
        var start = new ProcessStartInfo("node", [Path.Combine(AppContext.BaseDirectory, "Lint", "lint.mjs"), modules, kind, file])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process node = Process.Start(start)!;
        Task<string> fault = node.StandardError.ReadToEndAsync(stop);
        string answer = await node.StandardOutput.ReadToEndAsync(stop);
        await node.WaitForExitAsync(stop);
        Assert.True(node.ExitCode == 0, await fault);
        return JsonSerializer.Deserialize<T>(answer, Format)!;
    }
}
