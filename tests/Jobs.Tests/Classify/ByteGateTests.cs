using HrNetBatch.Kinds.Classify;

namespace HrNetBatch.Jobs.Tests.Classify;

public sealed class ByteGateTests
{
    private const long Mebibyte = 1 << 20;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Enter_WaitsForRoom_InTheOrderOfComing()
    {
        using var gate = new ByteGate(10 * Mebibyte);
        int first = await gate.EnterAsync(8 * Mebibyte, Token);
        Task<int> large = gate.EnterAsync(9 * Mebibyte, Token), small = gate.EnterAsync(1, Token);
        Assert.False(large.IsCompleted || small.IsCompleted);

        gate.Leave(first);
        int second = await large;
        Assert.Equal((9, 1), (second, await small));

        Task<int> enormous = gate.EnterAsync(1L << 40, Token);
        Assert.False(enormous.IsCompleted);
        gate.Leave(second);
        gate.Leave(1);
        Assert.Equal(10, await enormous);
    }

    [Fact]
    public async Task Enter_NeverLetsMoreIn_AndLetsAllInAtLast()
    {
        using var gate = new ByteGate(16 * Mebibyte);
        int held = 0, most = 0;
        await Parallel.ForAsync(0, 3000, new ParallelOptions { MaxDegreeOfParallelism = 32, CancellationToken = Token }, async (index, stop) =>
        {
            int steps = await gate.EnterAsync((1 + (index % 13)) * Mebibyte, stop);
            int now = Interlocked.Add(ref held, steps);
            lock (gate)
                most = Math.Max(most, now);
            Interlocked.Add(ref held, -steps);
            gate.Leave(steps);
        });
        Assert.InRange(most, 13, 16);
    }
}
