using Azure.Messaging.ServiceBus;

namespace HrNetBatch.Jobs.ServiceBus;

/// <summary>
/// What the SDK tries again by itself: little, so that a wrong key or a port where nobody listens is told within a second. Whoever
/// must get through tries for ever, with pauses of its own.
/// </summary>
internal sealed class BusRetries : ServiceBusRetryPolicy
{
    private const int BusyTryCount = 3;
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <inheritdoc/>
    public override TimeSpan CalculateTryTimeout(int attemptCount) => AnswerLimit;

    /// <inheritdoc/>
    public override TimeSpan? CalculateRetryDelay(Exception lastException, int attemptCount) => (lastException as ServiceBusException)?.Reason switch
    {
        ServiceBusFailureReason.ServiceCommunicationProblem when attemptCount < 2 => Pause, // it may have died unnoticed
        ServiceBusFailureReason.ServiceBusy when attemptCount < BusyTryCount => TimeSpan.Zero, // the SDK waits 10 s
        _ => null,
    };
}
