using HrNetBatch.Dashboard;
using Microsoft.Extensions.Options;
using Npgsql;

try
{
    WebApplication app = await DashboardApp.BuildAsync(args);
    await app.RunAsync();
    return 0;
}
catch (OptionsValidationException error)
{
    Console.Error.WriteLine($"The dashboard cannot start: {error.Message}");
    return 1;
}
catch (NpgsqlException error)
{
    Console.Error.WriteLine($"The dashboard cannot start: the ledger's PostgreSQL does not answer ({error.Message}). "
        + "Start it, for example with `hrnet up`, or correct HrNetBatch:Ledger:ConnectionString.");
    return 1;
}
