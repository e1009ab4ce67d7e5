using HrNetBatch.Dashboard;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Terminal;
using Microsoft.Extensions.Options;
using Npgsql;

PrintableWriter.Install();
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
    Console.Error.WriteLine($"The dashboard cannot start: {LedgerTrouble.Describe(error)}");
    return 1;
}
