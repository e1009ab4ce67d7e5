using Hangfire;
using Hangfire.Dashboard;
using Hangfire.PostgreSql;
using HrNetBatch.Dashboard.Security;
using HrNetBatch.Jobs.Ledger;
using Microsoft.Extensions.Options;
using Newtonsoft.Json;
using Npgsql;

namespace HrNetBatch.Dashboard;

/// <summary>Hangfire's own dashboard, for looking at: the ledger decides about jobs, so nothing can be changed there.</summary>
internal static class HangfirePages
{
    public const string Path = "/hangfire";

    public static IServiceCollection AddHangfirePages(this IServiceCollection services) =>
        services.AddHangfire((provider, hangfire) =>
        {
            NpgsqlDataSource database = LedgerConnection.OpenForHangfire(
                "hrnet-dashboard-hangfire", provider.GetRequiredService<IOptions<LedgerOptions>>().Value, provider.GetRequiredService<EntraPasswords>());

            // Nothing runs here and nothing is changed, so nothing that Hangfire's tables name is ever loaded: who writes them gets no code in.
            hangfire.UseTypeResolver(name => throw new InvalidOperationException("The dashboard loads nothing that Hangfire's tables name."));
            hangfire.UseSerializerSettings(new JsonSerializerSettings { TypeNameHandling = TypeNameHandling.None });
            hangfire.UseStorage(SchemaLock.PrepareHangfire(database, () => new PostgreSqlStorage(new Connections(database), new PostgreSqlStorageOptions { SchemaName = "hangfire" })));
        });

    public static void MapHangfirePages(this WebApplication app) =>
        app.MapHangfireDashboard(Path, new Hangfire.DashboardOptions
        {
            // Hangfire's default filter lets in whatever a proxy on this machine forwards.
            Authorization = [new AsThePages()],
            IsReadOnlyFunc = _ => true,
            DisplayStorageConnectionString = false,
            DashboardTitle = "Hangfire · HrNetBatch",
            AppPath = "/",
        });

    private sealed class AsThePages : IDashboardAuthorizationFilter
    {
        public bool Authorize(DashboardContext context)
        {
            HttpContext http = context.GetHttpContext();
            return RequestGuard.Refusal(http, http.RequestServices.GetRequiredService<IOptions<DashboardOptions>>().Value) is null;
        }
    }

    private sealed class Connections(NpgsqlDataSource database) : IConnectionFactory
    {
        public NpgsqlConnection GetOrCreateConnection() => database.CreateConnection();
    }
}
