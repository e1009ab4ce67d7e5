using Npgsql;

namespace HrNetBatch.Dashboard;

/// <summary>GET /health: 200 while the ledger answers, 503 while it does not.</summary>
internal static class Health
{
    public static void MapHealth(this WebApplication app) =>
        app.MapGet("/health", async (NpgsqlDataSource database, CancellationToken cancellation) =>
        {
            try
            {
                await using NpgsqlCommand command = database.CreateCommand("SELECT 1");
                await command.ExecuteScalarAsync(cancellation);
                return Results.Json(new { status = "healthy" });
            }
            catch (NpgsqlException)
            {
                return Results.Json(new { status = "unhealthy", reason = "the ledger's database does not answer" }, statusCode: StatusCodes.Status503ServiceUnavailable);
            }
        });
}
