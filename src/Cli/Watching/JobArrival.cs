using Azure.Messaging.ServiceBus;
using HrNetBatch.Cli.Output;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Messages;
using HrNetBatch.Jobs.ServiceBus;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HrNetBatch.Cli.Watching;

/// <summary>Waits until a job that was sent to Service Bus stands in the ledger.</summary>
internal sealed class JobArrival(IServiceProvider services)
{
    private const int PeekCount = 250;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan ClockError = TimeSpan.FromMinutes(5);

    private readonly JobStore _jobs = services.GetRequiredService<JobStore>();
    private readonly MessageBus _bus = services.GetRequiredService<MessageBus>();
    private readonly ServiceBusOptions _options = services.GetRequiredService<IOptions<ServiceBusOptions>>().Value;
    private readonly JobMessageReader _reader = new(services.GetRequiredService<JobKinds>());
    private readonly TimeProvider _time = services.GetRequiredService<TimeProvider>();

    /// <summary>Returns when the job is there.</summary>
    /// <param name="id">The job.</param>
    /// <param name="sentAt">When it was sent; null: somebody else sent it, at some time.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="UserException">A worker refused its message; or somebody else is said to have sent it, and there is no such message.</exception>
    public async Task WaitAsync(Guid id, DateTimeOffset? sentAt, CancellationToken cancellation)
    {
        long lookedAt = _time.GetTimestamp();
        bool hasSaid = false;
        while (!await IsThereAsync(id, cancellation))
        {
            await Task.Delay(Interval, _time, cancellation);
            if (_time.GetElapsedTime(lookedAt) < Patience) continue;
            lookedAt = _time.GetTimestamp();
            if (await FindDeadLetterAsync(id, sentAt, cancellation) is { } refused)
                throw new UserException($"The message of job {id} was refused: {refused.DeadLetterErrorDescription ?? refused.DeadLetterReason}.");
            if (sentAt is null && !hasSaid && !await IsInQueueAsync(id, cancellation) && !await IsThereAsync(id, cancellation))
                throw new UserException($"There is no job {id}, and no message in the queue {_options.Queue} that asks for it. `hrnet status` lists the jobs.");
            if (!hasSaid) Screen.Say($"No worker has taken job {id} from the queue {_options.Queue} yet; waiting.");
            hasSaid = true;
        }
    }

    private async Task<bool> IsThereAsync(Guid id, CancellationToken cancellation)
    {
        try
        {
            return await _jobs.FindAsync(id, cancellation) is not null;
        }
        catch (NpgsqlException exception) when (exception.IsTransient)
        {
            return false; // the ledger restarts
        }
    }

    private async Task<bool> IsInQueueAsync(Guid id, CancellationToken cancellation)
    {
        try
        {
            long from = 0;
            while (await _bus.PeekAsync(_options.Queue, from, PeekCount, cancellation) is { IsEmpty: false } page)
            {
                if (page.Messages.Any(message => _reader.Read(message) is JobMessageReading.Accepted accepted && accepted.Request.Id == id)) return true;
                from = page.NextSequenceNumber;
            }
            return false;
        }
        catch (MessageBusException exception) when (exception.IsTransient)
        {
            return true; // nobody knows
        }
    }

    private async Task<ServiceBusReceivedMessage?> FindDeadLetterAsync(Guid id, DateTimeOffset? sentAt, CancellationToken cancellation)
    {
        try
        {
            PeekedMessages dead = await _bus.PeekAsync(_options.Queue + "/$deadletterqueue", 0, PeekCount, cancellation);
            return dead.Messages.LastOrDefault(message => JobIdentity.OfMessage(JobMessage.IdOf(message)) == id && !(message.EnqueuedTime < sentAt - ClockError));
        }
        catch (MessageBusException exception) when (exception.IsTransient)
        {
            return null;
        }
    }
}
