using Azure.Messaging.ServiceBus;
using HrNetBatch.Cli.Output;
using HrNetBatch.Cli.Stack;
using HrNetBatch.Cli.Watching;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Messages;
using HrNetBatch.Jobs.ServiceBus;
using HrNetBatch.Kinds;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Cli.Submission;

/// <summary>Sends a request to Service Bus, says so, and watches the job when asked to.</summary>
internal static class JobSending
{
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(JobRequest request, string? data, bool json, bool wait, CancellationToken cancellation)
    {
        await using ServiceProvider services = wait ? StackServices.Open(data) : StackServices.OpenServiceBus(data);
        DateTimeOffset sentAt = services.GetRequiredService<TimeProvider>().GetUtcNow();
        await SendAsync(services, request, cancellation);
        if (json) Screen.WriteJsonLine(JobSubmission.Document(request));
        else Show(request, services.GetRequiredService<IOptions<ServiceBusOptions>>().Value.Queue);
        if (!wait) return 0;
        await new JobArrival(services).WaitAsync(request.Id, sentAt, cancellation);
        return await JobWatch.RunAsync(services, request.Id, json, cancellation);
    }

    /// <summary>Sends a request; returns when the broker has it.</summary>
    /// <exception cref="JobArgumentsException">A worker would refuse it.</exception>
    /// <exception cref="UserException">There is no Service Bus, or the request is too large for a message.</exception>
    public static async Task SendAsync(IServiceProvider services, JobRequest request, CancellationToken cancellation)
    {
        ServiceBusOptions options = services.GetRequiredService<IOptions<ServiceBusOptions>>().Value;
        if (!options.IsOn)
        {
            throw new UserException(
                $"There is no Service Bus to send to. Set {ServiceBusOptions.Section.Replace(":", "__", StringComparison.Ordinal)}__ConnectionString or __Namespace, "
                + "or leave out --via: the job then goes into the ledger.");
        }

        KindTable.Default.Check(request);
        ServiceBusMessage message = JobMessage.Of(request);
        if (new JobMessageReader(KindTable.Default).Read(message) is JobMessageReading.Refused refused)
            throw new UserException($"No worker would take this message: {refused.Description}.", UserException.WrongRequest);
        await services.GetRequiredService<MessageBus>().SendAsync(options.Queue, [message], cancellation);
    }

    private static void Show(JobRequest request, string queue)
    {
        Screen.WriteLine($"Sent {request.Kind} job {JobReference.Short(request.Id)} ({request.Id}) to the queue {queue}.");
        JobSubmission.ShowFollowers(request);
        Screen.Say($"Next: `hrnet watch {request.Id}` waits until a worker has taken it, and shows its progress.");
    }
}
