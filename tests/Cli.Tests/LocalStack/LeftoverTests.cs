using System.Diagnostics;
using HrNetBatch.LocalStack;

namespace HrNetBatch.Cli.Tests.LocalStack;

/// <summary>Programs that a killed stack left behind, and that do not end when they are asked to.</summary>
public sealed class LeftoverTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(300);

    [Fact]
    public async Task AStoppedOne_EndsAsItIsAskedTo()
    {
        using Process leftover = Start("trap 'exit 7' TERM; kill -STOP $$; while :; do read -r _; done");
        await WaitForStateAsync(leftover, 'T');

        await EndAsync(leftover, TimeSpan.FromMinutes(1), losesWhenKilled: false);

        await leftover.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(7, leftover.ExitCode);
    }

    [Fact]
    public async Task ADeafOne_IsNamedAndKilledAfterTheLimit()
    {
        using Process leftover = StartDeaf();
        var said = new List<string>();

        await EndAsync(leftover, Short, losesWhenKilled: false, said);

        await leftover.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(128 + 9, leftover.ExitCode);
        Assert.Equal([$"The worker of an earlier stack (process {leftover.Id}) does not end; killing it."], said);
    }

    [Fact]
    public async Task ADeafOneThatWouldLoseData_IsLeftAlone_AndTheMessageSaysHowToEndIt()
    {
        using Process leftover = StartDeaf();

        LocalStackException refused = await Assert.ThrowsAsync<LocalStackException>(() => EndAsync(leftover, Short, losesWhenKilled: true));

        Assert.Contains($"`kill -9 {leftover.Id}`", refused.Message, StringComparison.Ordinal);
        Assert.False(leftover.HasExited);
        leftover.Kill();
    }

    private static Task EndAsync(Process leftover, TimeSpan limit, bool losesWhenKilled, List<string>? said = null) => ChildProcess.EndLeftoverAsync(
        "The worker", leftover.Id, "hrnet-leftover", limit, losesWhenKilled, new Sink(said ?? []), TimeProvider.System, TestContext.Current.CancellationToken);

    private static Process StartDeaf()
    {
        Process process = Start("trap '' TERM; echo deaf; while :; do read -r _; done");
        Assert.Equal("deaf", process.StandardOutput.ReadLine());
        return process;
    }

    private static Process Start(string script) => Process.Start(
        new ProcessStartInfo("/bin/sh", ["-c", script, "hrnet-leftover"]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;

    private static async Task WaitForStateAsync(Process process, char state)
    {
        while (!File.ReadAllText($"/proc/{process.Id}/stat").Contains($") {state} ", StringComparison.Ordinal))
            await Task.Yield();
    }

    private sealed class Sink(List<string> texts) : IProgress<string>
    {
        public void Report(string value) => texts.Add(value);
    }
}
