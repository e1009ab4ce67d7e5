using HrNetBatch.Jobs.Contracts;

namespace HrNetBatch.Jobs.Tests;

/// <summary>How an attempt ended. Where it ended in another way, the test says why: the attempt's own error, not only its kind.</summary>
internal static class Ended
{
    public static T As<T>(Outcome outcome) where T : Outcome
    {
        if (outcome is not T)
            Assert.Fail($"Expected {typeof(T).Name}, but the attempt ended as {outcome}");
        return (T)outcome;
    }
}
