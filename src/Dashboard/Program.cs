using HrNetBatch.Dashboard;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Settings;
using HrNetBatch.Jobs.Terminal;
using Microsoft.AspNetCore.Connections;
using Npgsql;

PrintableWriter.Install();
try
{
    WebApplication app = await DashboardApp.BuildAsync(args);
    await app.RunAsync();
    return 0;
}
catch (Exception error) when (SettingsFaults.TryFind(error, out IReadOnlyList<string>? faults))
{
    Console.Error.WriteLine($"The dashboard cannot start: {SettingsFaults.Text(faults)}");
    return 1;
}
catch (IOException error) when (error.InnerException is AddressInUseException)
{
    Console.Error.WriteLine($"The dashboard cannot start: {error.Message.TrimEnd('.')}. Set {DashboardOptions.Section}:Port to a free port, or stop the program that has this one.");
    return 1;
}
catch (NpgsqlException error)
{
    Console.Error.WriteLine($"The dashboard cannot start: {LedgerTrouble.Describe(error)}");
    return 1;
}
