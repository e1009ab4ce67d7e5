using HrNetBatch.Dashboard;

WebApplication app = await DashboardApp.BuildAsync(args);
await app.RunAsync();
