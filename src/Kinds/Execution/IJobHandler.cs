using HrNetBatch.Jobs.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace HrNetBatch.Kinds.Execution;

/// <summary>Does the work of one kind of job; lives beside the kind's arguments and is named in <see cref="KindTable"/>.</summary>
public interface IJobHandler
{
    /// <summary>
    /// Runs one attempt. When <paramref name="stop"/> is cancelled it saves what it has and returns
    /// <see cref="AttemptContext.Stopped"/> within seconds. It may throw: <see cref="AttemptRunner"/> turns that into an outcome.
    /// </summary>
    Task<Outcome> ExecuteAsync(AttemptContext attempt, CancellationToken stop);

    /// <summary>Adds what the handler is made of, beyond what every handler may ask for; nothing by default.</summary>
    static virtual void AddServices(IServiceCollection services)
    {
    }
}
