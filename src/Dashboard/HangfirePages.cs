using Hangfire;
using Hangfire.Dashboard;
using Hangfire.PostgreSql;
using HrNetBatch.Dashboard.Security;
using HrNetBatch.Jobs.Ledger;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Dashboard;

/// <summary>Hangfire's own dashboard, for looking at: the ledger decides about jobs, so nothing can be changed there.</summary>
internal static class HangfirePages
{
    public const string Path = "/hangfire";

    public static IServiceCollection AddHangfirePages(this IServiceCollection services) =>
        services.AddHangfire((provider, hangfire) => hangfire.UsePostgreSqlStorage(
            postgres => postgres.UseNpgsqlConnection(provider.GetRequiredService<IOptions<LedgerOptions>>().Value.ConnectionString),
            new PostgreSqlStorageOptions { SchemaName = "hangfire" }));

    public static void MapHangfirePages(this WebApplication app) =>
        app.MapHangfireDashboard(Path, new Hangfire.DashboardOptions
        {
            // Hangfire's default filter lets in whatever a proxy on this machine forwards.
            Authorization = [new LoopbackOnly()],
            IsReadOnlyFunc = _ => true,
            DisplayStorageConnectionString = false,
            DashboardTitle = "Hangfire · HrNetBatch",
            AppPath = "/",
        });

    private sealed class LoopbackOnly : IDashboardAuthorizationFilter
    {
        public bool Authorize(DashboardContext context) => LoopbackGuard.Refusal(context.GetHttpContext()) is null;
    }
}
