using System.Threading.Channels;
using HrNetBatch.Cli.Stack;
using HrNetBatch.LocalStack;
using Microsoft.Extensions.Time.Testing;

namespace HrNetBatch.Cli.Tests.Stack;

public sealed class KeptAliveTests
{
    [Fact]
    public async Task Run_StartsThePartAgain_WhateverFailsMeanwhile()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var time = new FakeTimeProvider { AutoAdvanceAmount = TimeSpan.Zero };
        var said = Channel.CreateUnbounded<string>();
        Queue<Exception?> restarts = new([new IOException("No space left on device : '/a/b'", 28), new UnauthorizedAccessException("Access to the path '/a/b' is denied."), new LocalStackException("no port"), null]);
        TaskCompletionSource restarted = new(), lives = new();
        int deaths = 0;
        var kept = new KeptAlive("The worker", "/nowhere/worker.log",
            untilItDies: token => deaths++ == 0 ? Task.CompletedTask : lives.Task.WaitAsync(token),
            restart: _ =>
            {
                if (restarts.Dequeue() is { } failure) throw failure;
                restarted.SetResult();
                return Task.CompletedTask;
            });

        Task running = kept.RunAsync(new Sink(said.Writer), time, stop.Token);
        while (!restarted.Task.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
        await stop.CancelAsync();
        await running;

        said.Writer.Complete();
        string[] texts = [.. await said.Reader.ReadAllAsync(TestContext.Current.CancellationToken).ToArrayAsync(TestContext.Current.CancellationToken)];
        Assert.Equal(4, texts.Length);
        Assert.StartsWith("The worker ended; starting it again", texts[0], StringComparison.Ordinal);
        Assert.Equal("The worker could not be started again: /a/b cannot be written: there is no room left on its disk. Make room, or name a place on another disk.\nTrying again in 1 s.", texts[1]);
        Assert.Equal("The worker could not be started again: /a/b may not be used by this user: change its permissions or those of its folder.\nTrying again in 2 s.", texts[2]);
        Assert.Equal("no port\nTrying again in 4 s.", texts[3]);
        Assert.Empty(restarts);
    }

    private sealed class Sink(ChannelWriter<string> texts) : IProgress<string>
    {
        public void Report(string value) => texts.TryWrite(value);
    }
}
