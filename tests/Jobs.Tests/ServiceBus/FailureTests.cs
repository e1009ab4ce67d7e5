using Azure.Messaging.ServiceBus;
using HrNetBatch.Jobs.ServiceBus;

namespace HrNetBatch.Jobs.Tests.ServiceBus;

public sealed class FailureTests
{
    [Theory]
    [InlineData(ServiceBusFailureReason.ServiceBusy, true, "The namespace is busy")]
    [InlineData(ServiceBusFailureReason.QuotaExceeded, true, "Take messages out")]
    [InlineData(ServiceBusFailureReason.MessagingEntityDisabled, false, "Create or enable the entity")]
    [InlineData(ServiceBusFailureReason.MessageSizeExceeded, false, "Send less in one message")]
    [InlineData(ServiceBusFailureReason.ServiceTimeout, true, "host:1 does not answer")]
    [InlineData(ServiceBusFailureReason.ServiceCommunicationProblem, true, "host:1 does not answer")]
    public void EveryReason_IsToldInOneLine_WithWhatToDo(ServiceBusFailureReason reason, bool isTransient, string advice)
    {
        var exception = new ServiceBusException("It is so.\n   at Somewhere.In(The stack)", reason);

        MessageBusException failure = BusFailure.Of(exception, "Sending to \"jobs\"", () => "host:1")!;

        Assert.Equal((isTransient, exception), (failure.IsTransient, failure.InnerException));
        Assert.StartsWith("Sending to \"jobs\"", failure.Message, StringComparison.Ordinal);
        Assert.Contains("It is so.", failure.Message, StringComparison.Ordinal);
        Assert.Contains(advice, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', failure.Message);
        Assert.DoesNotContain("aka.ms", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ServiceBusFailureReason.ServiceCommunicationProblem, 2)]
    [InlineData(ServiceBusFailureReason.ServiceBusy, 3)]
    [InlineData(ServiceBusFailureReason.ServiceTimeout, 1)]
    [InlineData(ServiceBusFailureReason.GeneralError, 1)]
    [InlineData(ServiceBusFailureReason.MessagingEntityNotFound, 1)]
    public void Retries_AreFew_AndABusyBrokerIsLeftAlone(ServiceBusFailureReason reason, int tryCount)
    {
        var retries = new BusRetries();
        int failedCount = 1;
        while (retries.CalculateRetryDelay(new ServiceBusException("", reason), failedCount) is { } pause)
        {
            Assert.True(pause < TimeSpan.FromSeconds(1)); // that of 10 s for a busy broker is the SDK's own
            failedCount++;
        }

        Assert.Equal(tryCount, failedCount);
        Assert.Null(retries.CalculateRetryDelay(new UnauthorizedAccessException(), 1));
    }
}
