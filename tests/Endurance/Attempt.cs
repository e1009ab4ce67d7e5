using Azure.Messaging.ServiceBus;

namespace HrNetBatch.Endurance;

/// <summary>Does something again until the broker is back.</summary>
internal static class Attempt
{
    public static async Task UntilDoneAsync(Func<Task> action)
    {
        while (true)
        {
            try
            {
                await action();
                return;
            }
            catch (Exception exception) when (IsOutage(exception))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            }
        }
    }

    /// <summary>Whether it is what a client meets when its broker is killed.</summary>
    public static bool IsOutage(Exception exception) =>
        exception is ServiceBusException or ObjectDisposedException or OperationCanceledException or TimeoutException or IOException;
}
