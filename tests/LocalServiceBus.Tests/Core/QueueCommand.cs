using CsCheck;

namespace HrNetBatch.LocalServiceBus.Tests.Core;

/// <summary>One thing that clients or time do to a queue; numbers choose among what is there.</summary>
internal abstract record QueueCommand
{
    public static Gen<QueueCommand[]> History { get; } = Gen.Frequency(
        (6, Gen.Select(Gen.Int[0, 3], Gen.Int[0, 3]).Select((life, delay) => (QueueCommand)new Send(life * 40, delay * 25))),
        (6, Gen.Int[1, 3].Select(count => (QueueCommand)new AddCredit(count))),
        (8, Gen.Select(Gen.Int[0, 9], Gen.OneOf(Gen.Const("complete"), Gen.Const("abandon"), Gen.Const("defer"), Gen.Const("dead-letter"), Gen.Const("release"), Gen.Const("renew")))
            .Select((which, how) => (QueueCommand)new Settle(which, how))),
        (2, Gen.Int[1, 20].Select(number => (QueueCommand)new ReceiveDeferred(number))),
        (2, Gen.Int[1, 20].Select(number => (QueueCommand)new Cancel(number))),
        (1, Gen.Const((QueueCommand)new Drain())),
        (5, Gen.Int[1, 40].Select(seconds => (QueueCommand)new Advance(seconds))),
        (1, Gen.Const((QueueCommand)new Restart()))).Array[1, 60];

    /// <summary>0: no time to live; 0: not scheduled.</summary>
    public sealed record Send(int LifeSeconds, int DelaySeconds) : QueueCommand;

    public sealed record AddCredit(int Count) : QueueCommand;

    public sealed record Settle(int Which, string How) : QueueCommand;

    public sealed record ReceiveDeferred(int Number) : QueueCommand;

    public sealed record Cancel(int Number) : QueueCommand;

    public sealed record Drain : QueueCommand;

    public sealed record Advance(int Seconds) : QueueCommand;

    public sealed record Restart : QueueCommand;
}
