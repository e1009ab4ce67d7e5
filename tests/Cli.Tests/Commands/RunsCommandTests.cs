using System.Text.Json;
using HrNetBatch.Cli.Stack;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds.Train;
using HrNetBatch.TestKit;
using Microsoft.Extensions.DependencyInjection;

namespace HrNetBatch.Cli.Tests.Commands;

public sealed class RunsCommandTests(PostgresFixture postgres) : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private TestDatabase _database = null!;
    private ServiceProvider _services = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = await postgres.CreateDatabaseAsync();
        _services = StackServices.Create(new Dictionary<string, string> { ["HrNetBatch:Ledger:ConnectionString"] = _database.ConnectionString });
        await _services.GetRequiredService<LedgerMigrator>().MigrateAsync(Cancelled);
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Runs_AreTaggedListedComparedAndExported()
    {
        Guid slow = await RunAsync(learningRate: 0.01, top1: 0.613), fast = await RunAsync(learningRate: 0.05, top1: 0.71);

        JsonElement tagged = await JsonAsync("runs", "tag", $"{slow}", "paper", "baseline");
        await JsonAsync("runs", "tag", $"{fast}", "paper");
        JsonElement[] listed = [.. (await JsonAsync("runs", "list", "--tag", "paper")).EnumerateArray()];
        CommandResult table = await HrnetAsync("runs", "list");
        JsonElement compared = await JsonAsync("runs", "compare", $"{slow}", "tag:paper");
        CommandResult sideBySide = await HrnetAsync("runs", "compare", "tag:paper");
        JsonElement[] exported = [.. (await JsonAsync("runs", "export", "tag:paper", "--to", _folder.File("runs"))).EnumerateArray()];
        JsonElement untagged = await JsonAsync("runs", "untag", $"{slow}", "paper");

        Assert.Equal(["baseline", "paper"], tagged.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()));
        Assert.Equal([fast, slow], listed.Select(run => run.GetProperty("id").GetGuid()));
        Assert.Equal(0.71, listed[0].GetProperty("best").GetProperty("top1").GetDouble());
        Assert.Contains("71.00 %", table.Output, StringComparison.Ordinal);
        Assert.Equal([slow, fast], compared.GetProperty("runs").EnumerateArray().Select(run => run.GetProperty("id").GetGuid()));   // named twice, shown once
        Assert.Equal("learningRate", Assert.Single(compared.GetProperty("differences").EnumerateArray()).GetProperty("name").GetString());
        Assert.Contains("learningRate", sideBySide.Output, StringComparison.Ordinal);
        Assert.Equal("baseline", Assert.Single(untagged.GetProperty("tags").EnumerateArray()).GetString());

        string folder = exported.Single(run => run.GetProperty("id").GetGuid() == slow).GetProperty("folder").GetString()!;
        Assert.Equal(
            [$"events.out.tfevents.{slow:N}", "log.jsonl", "metrics.csv", "report.json", "run.json"],
            Directory.EnumerateFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(3, (await File.ReadAllLinesAsync(Path.Combine(folder, "metrics.csv"), Cancelled)).Length);
        Assert.Equal(2, (await File.ReadAllLinesAsync(Path.Combine(folder, "log.jsonl"), Cancelled)).Length);
    }

    [Theory]
    [InlineData("No run has the tag 'nothing'", 1, "compare", "tag:nothing", "tag:nothing")]
    [InlineData("Only one run was named", 2, "compare", "RUN")]
    [InlineData("only train and validate jobs", 2, "export", "EXPORT", "--to", "/tmp/nowhere")]
    [InlineData("cannot be a tag", 2, "tag", "RUN", "Not A Tag")]
    [InlineData("has no such tag", 1, "untag", "RUN", "unknown")]
    public async Task WhatIsWrong_IsSaid(string expected, int exitCode, params string[] arguments)
    {
        Guid run = await RunAsync(0.01, 0.5), export = Guid.CreateVersion7();
        JobRequest request = JobRequest.For(new Kinds.Export.ExportArguments { Checkpoint = "model:flowers", Output = "blob://local/out/a.onnx" }) with { Id = export };
        await _services.GetRequiredService<JobStore>().EnqueueAsync(request, Cancelled);

        CommandResult result = await HrnetAsync(["runs", .. arguments.Select(argument => argument switch { "RUN" => $"{run}", "EXPORT" => $"{export}", _ => argument })]);

        Assert.Equal(exitCode, result.ExitCode);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
    }

    private async Task<Guid> RunAsync(double learningRate, double top1)
    {
        JobRequest request = JobRequest.For(new TrainArguments
        {
            Data = "blob://local/data/",
            Variant = "w18",
            ClassCount = 3,
            LearningRate = learningRate,
            Output = "blob://local/out/run",
        });
        await _services.GetRequiredService<JobStore>().EnqueueAsync(request, Cancelled);
        Lease lease = (await _services.GetRequiredService<LeaseStore>().ClaimAsync(request.Id, "worker", "cpu", Cancelled))!;
        var metrics = _services.GetRequiredService<MetricStore>();
        await metrics.RecordAsync(lease, [new MetricPoint("train_loss", 10, 1.5), new MetricPoint("valid_top1", 20, top1)], Cancelled);
        await metrics.RecordReportAsync(lease, JsonSerializer.SerializeToElement(new { top1 }), Cancelled);
        return request.Id;
    }

    private async Task<JsonElement> JsonAsync(params string[] arguments)
    {
        CommandResult result = await HrnetAsync([.. arguments, "--json"]);
        Assert.True(result.ExitCode == 0, result.Error);
        return JsonSerializer.Deserialize<JsonElement>(result.Output);
    }

    private Task<CommandResult> HrnetAsync(params string[] arguments) =>
        HrnetProcess.RunAsync(arguments, new Dictionary<string, string> { ["HrNetBatch__Ledger__ConnectionString"] = _database.ConnectionString });
}
