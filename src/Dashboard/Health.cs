using HrNetBatch.Jobs.ServiceBus;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HrNetBatch.Dashboard;

/// <summary>
/// GET /health: 200 while the ledger answers, 503 while it does not. It also says whether Service Bus answers; without that, jobs
/// that are known go on, so it does not change the status code.
/// </summary>
internal static class Health
{
    private static readonly TimeSpan ServiceBusLimit = TimeSpan.FromSeconds(5);

    public static void MapHealth(this WebApplication app) =>
        app.MapGet("/health", async (NpgsqlDataSource database, IServiceBusClient client, IOptions<ServiceBusOptions> options, TimeProvider time, CancellationToken cancellation) =>
        {
            Task<ServiceBusHealth> serviceBus = CheckAsync(client, options.Value, time, cancellation);
            try
            {
                await using NpgsqlCommand command = database.CreateCommand("SELECT 1");
                await command.ExecuteScalarAsync(cancellation);
                return Results.Json(new { status = "healthy", serviceBus = await serviceBus });
            }
            catch (NpgsqlException)
            {
                return Results.Json(
                    new { status = "unhealthy", reason = "the ledger's database does not answer", serviceBus = await serviceBus },
                    statusCode: StatusCodes.Status503ServiceUnavailable);
            }
        });

    /// <summary>Asks Service Bus for its queue of job messages.</summary>
    public static async Task<ServiceBusHealth> CheckAsync(IServiceBusClient client, ServiceBusOptions options, TimeProvider time, CancellationToken cancellation)
    {
        if (!options.IsOn) return new("off", null);
        try
        {
            await client.CheckAsync(options.Queue, cancellation).WaitAsync(ServiceBusLimit, time, cancellation);
            return new("healthy", null);
        }
        catch (ServiceBusException exception)
        {
            return new("unhealthy", exception.Message);
        }
        catch (TimeoutException)
        {
            return new("unhealthy", $"The queue {options.Queue} did not answer within {ServiceBusLimit.TotalSeconds:0} s.");
        }
    }
}

/// <summary>Whether Service Bus answers.</summary>
/// <param name="Status"><c>healthy</c>, <c>unhealthy</c>, or <c>off</c> where none is configured.</param>
/// <param name="Reason">What is wrong, and what to do; null where nothing is.</param>
internal sealed record ServiceBusHealth(string Status, string? Reason);
