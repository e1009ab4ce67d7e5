using System.Net;
using System.Text.Json;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Runs;
using HrNetBatch.Kinds;
using HrNetBatch.Kinds.Classify;
using HrNetBatch.Kinds.Train;
using HrNetBatch.Kinds.Validate;
using HrNetBatch.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;

[assembly: AssemblyFixture(typeof(PostgresFixture))]
[assembly: AssemblyFixture(typeof(AzuriteFixture))]

namespace HrNetBatch.Dashboard.Tests;

/// <summary>The real dashboard in this process, on a free port and a database of its own.</summary>
public sealed class DashboardFixture(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    private TestDatabase? _database;
    private WebApplication? _app;

    /// <summary>The stores that the dashboard reads, for tests to write.</summary>
    public IServiceProvider Services => _app!.Services;

    /// <summary>A client of the dashboard.</summary>
    public HttpClient Client { get; private set; } = null!;

    // The dashboard submits nothing, and knows no arguments.
    public JobStore Jobs => new(Services.GetRequiredService<NpgsqlDataSource>(), KindTable.Default, Options.Create(new RetryOptions()), new Jitter(1));

    public LeaseStore Leases => Services.GetRequiredService<LeaseStore>();

    public async ValueTask InitializeAsync()
    {
        _database = await postgres.CreateDatabaseAsync();
        _app = await DashboardApp.BuildAsync(
        [
            $"--HrNetBatch:Ledger:ConnectionString={_database.ConnectionString}",
            $"--HrNetBatch:Blobs:Accounts:local:ConnectionString={await azurite.ConnectionStringAsync()}",
            "--HrNetBatch:Dashboard:Port=0",
            "--Logging:LogLevel:Default=Warning",
        ]);
        await _app.StartAsync(TestContext.Current.CancellationToken);
        Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false }) { BaseAddress = new Uri(_app.Urls.First()) };
    }

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        if (_app is not null)
            await _app.DisposeAsync();
        if (_database is not null)
            await _database.DisposeAsync();
    }

    public async Task<JobRequest> SubmitTrainAsync(params JobRequest[] then)
    {
        JobRequest request = JobRequest.For(new TrainArguments { Data = "blob://local/data/train-{000..003}.tar", Variant = "w18_small_v1", ClassCount = 9, ImageSize = 64, Output = "blob://local/models/run" }) with { Then = then };
        await Jobs.EnqueueAsync(request, TestContext.Current.CancellationToken);
        return request;
    }

    public async Task<JobRequest> SubmitClassifyAsync(string output = "blob://local/out/run")
    {
        JobRequest request = JobRequest.For(new ClassifyArguments { Input = "blob://local/images/", Checkpoint = "blob://local/models/best.pth", Output = output });
        await Jobs.EnqueueAsync(request, TestContext.Current.CancellationToken);
        return request;
    }

    public async Task<Lease> ClaimAsync(Guid job) => (await Leases.ClaimAsync(job, "worker-1", "cpu", TestContext.Current.CancellationToken))!;

    /// <summary>Submits a validate job.</summary>
    public async Task<JobRequest> SubmitValidateAsync()
    {
        JobRequest request = JobRequest.For(new ValidateArguments { Data = "blob://local/data/val/", Checkpoint = "model:emoji@3", Output = Reports });
        await Jobs.EnqueueAsync(request, TestContext.Current.CancellationToken);
        return request;
    }

    /// <summary>A folder of this test's own in storage.</summary>
    public string Reports { get; } = $"blob://local/reports-{Guid.NewGuid():n}";

    /// <summary>Writes a blob into <see cref="Reports"/>.</summary>
    public async Task WriteAsync(string name, byte[] bytes)
    {
        var blobs = Services.GetRequiredService<BlobStore>();
        BlobPath path = BlobPath.Parse(Reports).Combine(name);
        await blobs.CreateContainerAsync(path, TestContext.Current.CancellationToken);
        using var content = new MemoryStream(bytes);
        await blobs.UploadAsync(path, content, cancellation: TestContext.Current.CancellationToken);
    }

    public Task RecordReportAsync(Lease lease, ValidationReport report) =>
        Services.GetRequiredService<MetricStore>().RecordReportAsync(lease, report.ToJson(), TestContext.Current.CancellationToken);

    public Task ReportAsync(Lease lease, long done, long? total, string activity) =>
        Services.GetRequiredService<ProgressStore>().ReportAsync(lease, done, total, activity, TestContext.Current.CancellationToken);

    public Task RecordAsync(Lease lease, params MetricPoint[] points) =>
        Services.GetRequiredService<MetricStore>().RecordAsync(lease, points, TestContext.Current.CancellationToken);

    public async Task FailItemAsync(Guid job, string name, string reason) =>
        await ExecuteAsync("INSERT INTO hrnet.failed_items (job_id, name, etag, reason) VALUES ($1, $2, '0x1', $3)", job, name, reason);

    public async Task ExecuteAsync(string sql, params object[] values)
    {
        await using NpgsqlCommand command = _database!.DataSource.CreateCommand(sql);
        foreach (object value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    public async Task<string> PageAsync(string path)
    {
        using HttpResponseMessage response = await Client.GetAsync(path, TestContext.Current.CancellationToken);
        string body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{path}: {(int)response.StatusCode} {body}");
        return body;
    }

    public async Task<JsonElement> JsonAsync(string path)
    {
        using var document = JsonDocument.Parse(await PageAsync(path));
        return document.RootElement.Clone();
    }
}
