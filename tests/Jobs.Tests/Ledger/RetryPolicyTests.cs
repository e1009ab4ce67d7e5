using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;

namespace HrNetBatch.Jobs.Tests.Ledger;

public sealed class RetryPolicyTests
{
    private static readonly RetryOptions Options = new();
    private static readonly Outcome.Failed Transient = new("no network", FailureKind.Transient);

    [Fact]
    public void TransientFailure_IsRetriedAfterADoublingDelay_UntilTheLimit()
    {
        double[] delays = [.. Enumerable.Range(1, 4).Select(count => Delay(Transient, count, jitter: 0.5).TotalSeconds)];

        Assert.Equal([2, 4, 8, 16], delays);
        Assert.Equal(new Decision.Finish(JobState.Failed, "no network (given up after 5 failures)"), Decide(Transient, failureCount: 5));
    }

    [Fact]
    public void Delay_StaysWithinItsBounds_WhateverTheCountAndTheJitter()
    {
        Random random = new(20260);
        RetryOptions patient = new() { FailureLimit = 1000 };
        for (int trial = 0; trial < 2000; trial++)
        {
            int count = random.Next(1, 1000);
            double jitter = random.NextDouble();

            TimeSpan delay = Assert.IsType<Decision.RetryAfter>(RetryPolicy.Decide(Transient, count, random.Next(100), jitter, patient)).Delay;

            Assert.InRange(delay, patient.FirstDelay * 0.8, patient.LongestDelay);
            TimeSpan later = Assert.IsType<Decision.RetryAfter>(RetryPolicy.Decide(Transient, Math.Min(count + 1, 999), 0, jitter, patient)).Delay;
            Assert.True(later >= delay || count == 999, "a later failure never waits for less");
        }
    }

    [Fact]
    public void PermanentFailure_EndsTheJobAtOnce() =>
        Assert.Equal(new Decision.Finish(JobState.Failed, "wrong"), Decide(new Outcome.Failed("wrong", FailureKind.Permanent), failureCount: 1));

    [Fact]
    public void HandBack_ReturnsAtOnce_HoweverOftenTheJobFailed()
    {
        for (int count = 0; count < 50; count++)
            Assert.Equal(new Decision.RetryAfter(TimeSpan.Zero), Decide(new Outcome.HandedBack("stop"), failureCount: count, lostCount: count));
    }

    [Fact]
    public void Loss_ReturnsAtOnce_TwentyTimes()
    {
        for (int count = 1; count <= 20; count++)
            Assert.Equal(TimeSpan.Zero, Delay(new Outcome.Lost(), failureCount: 4, lostCount: count));
        Assert.Equal(JobState.Failed, Assert.IsType<Decision.Finish>(Decide(new Outcome.Lost(), lostCount: 21)).State);
    }

    [Fact]
    public void SuccessAndCancel_EndTheJob()
    {
        Assert.Equal(new Decision.Finish(JobState.Succeeded), Decide(Outcome.Success(new { })));
        Assert.Equal(new Decision.Finish(JobState.Cancelled), Decide(new Outcome.Cancelled()));
    }

    private static Decision Decide(Outcome outcome, int failureCount = 0, int lostCount = 0) =>
        RetryPolicy.Decide(outcome, failureCount, lostCount, 0.5, Options);

    private static TimeSpan Delay(Outcome outcome, int failureCount = 0, int lostCount = 0, double jitter = 0.5) =>
        Assert.IsType<Decision.RetryAfter>(RetryPolicy.Decide(outcome, failureCount, lostCount, jitter, Options)).Delay;
}
