using Amqp;
using Amqp.Framing;

namespace HrNetBatch.Jobs.ServiceBus.AmqpClient;

/// <summary>Sending with the broker's confirmation.</summary>
internal static class SenderLinks
{
    /// <summary>Sends one message; returns when the broker has accepted it.</summary>
    /// <exception cref="AmqpException">The broker refused it, or ended the link.</exception>
    /// <exception cref="TimeoutException">No answer came.</exception>
    public static async Task SendAsync(SenderLink link, Message message, TimeProvider time, CancellationToken cancellation)
    {
        var confirmed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        link.Send(message, (sender, _, outcome, _) =>
        {
            // A link that ends gives back what was under way as released or rejected: then its own error says more.
            if (outcome is Accepted) confirmed.TrySetResult();
            else confirmed.TrySetException(new AmqpException((outcome as Rejected)?.Error ?? sender.Error
                ?? new Error(ErrorCode.DetachForced) { Description = "The broker did not take the message." }));
        }, null);
        await confirmed.Task.WaitAsync(BrokerConnection.AnswerLimit, time, cancellation);
    }
}
