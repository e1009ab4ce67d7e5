using System.Net.Sockets;
using Azure;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.Model.Evaluation;
using Npgsql;

namespace HrNetBatch.Jobs.Tests.Execution;

public sealed class FailureClassificationTests
{
    [Theory]
    [MemberData(nameof(TransientOnes))]
    public void Surroundings_AreTransient(Exception exception) => Assert.Equal(FailureKind.Transient, FailureClassification.KindOf(exception));

    [Theory]
    [MemberData(nameof(PermanentOnes))]
    public void WrongRequests_ArePermanent(Exception exception) => Assert.Equal(FailureKind.Permanent, FailureClassification.KindOf(exception));

    [Fact]
    public void Cancellation_IsAHandBackOrACancel_OnlyWhenSomebodyAskedToStop()
    {
        OperationCanceledException exception = new();

        Ended.As<Outcome.HandedBack>(FailureClassification.OutcomeOf(exception, StopReason.Interrupt));
        Ended.As<Outcome.Cancelled>(FailureClassification.OutcomeOf(exception, StopReason.Cancel));
        Assert.Equal(FailureKind.Transient, Ended.As<Outcome.Failed>(FailureClassification.OutcomeOf(exception, null)).Kind);
    }

    [Fact]
    public void ALostLease_IsALostAttempt() =>
        Ended.As<Outcome.Lost>(FailureClassification.OutcomeOf(new LeaseLostException(Guid.NewGuid()), null));

    [Fact]
    public void MemoryThatIsUsedUp_CountsAsADeath()
    {
        Assert.True(Ended.As<Outcome.Failed>(FailureClassification.OutcomeOf(new InsufficientMemoryException(), null)).Died);
        Assert.False(Ended.As<Outcome.Failed>(FailureClassification.OutcomeOf(new IOException("pipe"), null)).Died);
    }

    [Fact]
    public void AnAggregateOfOne_CountsAsTheOne() =>
        Assert.Equal(
            new Outcome.Failed("no such checkpoint", FailureKind.Permanent),
            FailureClassification.OutcomeOf(new AggregateException(new JobException("no such checkpoint")), null));

    public static TheoryData<Exception> TransientOnes() =>
    [
        new RequestFailedException(408, "slow"),
        new RequestFailedException(429, "busy"),
        new RequestFailedException(500, "broken"),
        new RequestFailedException(503, "busy"),
        new RequestFailedException(0, "no answer"),
        new IOException("pipe"),
        new SocketException(),
        new HttpRequestException("reset"),
        new TimeoutException(),
        new PostgresException("terminating connection due to idle-in-transaction timeout", "FATAL", "FATAL", "25P03"),
        new InsufficientMemoryException(),
        new NpgsqlException("broken", new IOException()),
        new JobException("try later", FailureKind.Transient),
        new InvalidOperationException("never seen before"),
    ];

    public static TheoryData<Exception> PermanentOnes() =>
    [
        new RequestFailedException(403, "forbidden"),
        new RequestFailedException(404, "no such blob"),
        new JobException("no such checkpoint"),
        new JobArgumentsException("train", ["variant: unknown"]),
        Model.Training.DivergedException.InValidation(3, new NotFiniteException("no number")),
        new NotFiniteException("no number"),
        new FileNotFoundException(),
        new PostgresException("no such table", "ERROR", "ERROR", "42P01"),
    ];
}
