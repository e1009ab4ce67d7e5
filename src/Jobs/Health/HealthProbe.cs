using HrNetBatch.Jobs.ServiceBus;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HrNetBatch.Jobs.Health;

/// <summary>Asks what a worker or dashboard depends on whether it answers. Without Service Bus, jobs that are known go on, so it is told but not counted.</summary>
public sealed class HealthProbe(NpgsqlDataSource database, MessageBus bus, IOptions<ServiceBusOptions> options, TimeProvider time)
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(5);

    /// <summary>Asks all.</summary>
    public async Task<HealthReport> CheckAsync(CancellationToken cancellation)
    {
        Task<ServiceBusHealth> serviceBus = CheckServiceBusAsync(cancellation);
        string? trouble = await LedgerTroubleAsync(cancellation);
        return new(trouble is null ? HealthReport.Healthy : HealthReport.Unhealthy, trouble, await serviceBus);
    }

    /// <summary>Asks the ledger only: what orchestrators may do every few seconds.</summary>
    public async Task<HealthReport> CheckLedgerAsync(CancellationToken cancellation)
    {
        string? trouble = await LedgerTroubleAsync(cancellation);
        return new(trouble is null ? HealthReport.Healthy : HealthReport.Unhealthy, trouble, null);
    }

    private async Task<string?> LedgerTroubleAsync(CancellationToken cancellation)
    {
        try
        {
            await using NpgsqlCommand command = database.CreateCommand("SELECT 1");
            await command.ExecuteScalarAsync(cancellation).WaitAsync(AnswerLimit, time, cancellation);
            return null;
        }
        catch (Exception error) when (error is NpgsqlException or TimeoutException)
        {
            return "the ledger's database does not answer"; // no more: the address may not be for everybody's eyes
        }
    }

    private async Task<ServiceBusHealth> CheckServiceBusAsync(CancellationToken cancellation)
    {
        if (!options.Value.IsOn)
            return new("off", null);
        try
        {
            await bus.CheckAsync(options.Value.Queue, cancellation).WaitAsync(AnswerLimit, time, cancellation);
            return new(HealthReport.Healthy, null);
        }
        catch (MessageBusException exception)
        {
            return new(HealthReport.Unhealthy, exception.Message);
        }
        catch (TimeoutException)
        {
            return new(HealthReport.Unhealthy, $"The queue {options.Value.Queue} did not answer within {AnswerLimit.TotalSeconds:0} s.");
        }
    }
}
