using System.Security.Cryptography;
using System.Text.Json;
using HrNetBatch.Cli.Stack;
using HrNetBatch.Cli.Transfer;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds.Classify;
using HrNetBatch.Kinds.Classify.Parts;
using HrNetBatch.TestKit;
using Microsoft.Extensions.DependencyInjection;

namespace HrNetBatch.Cli.Tests.Transfer;

public sealed class ResultDownloadTests(AzuriteFixture azurite) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AReport_ComesWithItsTablesAndMistakes_AndNothingElseOfItsFolder()
    {
        await using ServiceProvider services = await ServicesAsync();
        BlobPath run = await FolderAsync(services);
        foreach (string name in new[] { "report.json", "classes.csv", "confusion.csv", "mistakes.json", "mistakes/0001.png", "model_best.pth.tar" })
            await WriteAsync(services, run.Combine(name), [1, 2, 3]);

        int count = await DownloadAsync(services, Guid.NewGuid(), new { top1 = 0.5, report = $"{run.Combine("report.json")}" });

        Assert.Equal(5, count);
        Assert.Equal(["classes.csv", "confusion.csv", "mistakes.json", "mistakes/0001.png", "report.json"], Files());
    }

    [Fact]
    public async Task AManifest_ComesWithItsParts_AndNothingElse()
    {
        await using ServiceProvider services = await ServicesAsync();
        (Guid job, BlobPath manifest, BlobPath part) = await OutputAsync(services);
        await WriteAsync(services, part with { Name = part.Name + ".orphan" }, [9]);

        Assert.Equal(2, await DownloadAsync(services, job, new { manifest = $"{manifest}", rows = 1 }));

        Assert.Equal(["manifest.json", $"parts/{part.FileName}"], Files());
    }

    [Fact]
    public async Task AnotherJobsManifest_IsRefused_WithBothJobs()
    {
        await using ServiceProvider services = await ServicesAsync();
        (Guid job, BlobPath manifest, _) = await OutputAsync(services);
        Guid old = Guid.NewGuid();

        UserException refused = await Assert.ThrowsAsync<UserException>(() => DownloadAsync(services, old, new { manifest = $"{manifest}" }));

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains($"{job}", refused.Message, StringComparison.Ordinal);
        Assert.Contains($"The results of job {old} are gone: job {job} has replaced them in '{manifest.ToString()[..^"manifest.json".Length]}'.", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("..", refused.Message, StringComparison.Ordinal);
        Assert.Empty(Files());
    }

    [Theory]
    [InlineData("{\"job\": \"0190b7a3", "it ends before it is complete")]
    [InlineData("", "it is empty")]
    [InlineData("<html>", "no value begins with '<' (line 1, column 1)")]
    [InlineData("{\"manifest_version\": 3}", "it lacks the fields job, input, checkpoint")]
    [InlineData("{\"job\": 7}", "job has a value of another type (line 1")]
    [InlineData("null", "it is null")]
    public async Task ADamagedOrForeignManifest_IsNamed_WithWhatToDo(string content, string fault)
    {
        await using ServiceProvider services = await ServicesAsync();
        (Guid job, BlobPath manifest, _) = await OutputAsync(services);
        await WriteAsync(services, manifest, System.Text.Encoding.UTF8.GetBytes(content));

        JobException refused = await Assert.ThrowsAsync<JobException>(() => DownloadAsync(services, job, new { manifest = $"{manifest}" }));

        Assert.Contains($"'{manifest}', the manifest of job {job}, is damaged or was replaced by another file: {fault}", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Restore that blob; or delete it and submit the job again", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("HrNetBatch.", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task APartThatIsNotWhatTheManifestSays_OrGone_IsNamed_AndNoManifestIsWritten(bool isGone)
    {
        await using ServiceProvider services = await ServicesAsync();
        (Guid job, BlobPath manifest, BlobPath part) = await OutputAsync(services);
        if (isGone) await services.GetRequiredService<BlobStore>().DeleteAsync(part, Cancellation);
        else await WriteAsync(services, part, [6, 6, 6]);

        UserException refused = await Assert.ThrowsAsync<UserException>(() => DownloadAsync(services, job, new { manifest = $"{manifest}" }));

        Assert.Contains(part.FileName, refused.Message, StringComparison.Ordinal);
        Assert.Empty(Files());
    }

    [Fact]
    public async Task ABlobThatIsGone_IsNamed_AfterTheOthersAreThere()
    {
        await using ServiceProvider services = await ServicesAsync();
        BlobPath run = await FolderAsync(services);
        await WriteAsync(services, run.Combine("a/model.pth"), [1]);
        await WriteAsync(services, run.Combine("b/model.pth"), [2]);

        UserException refused = await Assert.ThrowsAsync<UserException>(() => DownloadAsync(
            services, Guid.NewGuid(), new { file = $"{run.Combine("a/model.pth")}", checkpoint = $"{run.Combine("b/model.pth")}", best = $"{run.Combine("best.pth")}" }));

        Assert.Contains("best.pth", refused.Message, StringComparison.Ordinal);
        Assert.Equal(["checkpoint/model.pth", "model.pth"], Files());
    }

    [Fact]
    public async Task AManifestThatNamesOtherThanParts_IsRefused()
    {
        await using ServiceProvider services = await ServicesAsync();
        (Guid job, BlobPath manifest, BlobPath part) = await OutputAsync(services, name => "../" + name);

        JobException refused = await Assert.ThrowsAsync<JobException>(() => DownloadAsync(services, job, new { manifest = $"{manifest}" }));

        Assert.Contains("../", refused.Message, StringComparison.Ordinal);
    }

    private static async Task<(Guid Job, BlobPath Manifest, BlobPath Part)> OutputAsync(ServiceProvider services, Func<string, string>? rename = null)
    {
        BlobPath output = await FolderAsync(services);
        Guid job = Guid.NewGuid();
        byte[] rows = [1, 2, 3];
        string name = PartName.OfUnit(job, 0, Guid.NewGuid(), PartFormat.Csv);
        await WriteAsync(services, output.Combine(name), rows);
        var manifest = new Manifest
        {
            Job = job,
            Input = "blob://local/in",
            Checkpoint = "model:a@1",
            Format = "csv",
            TopK = 1,
            BlobCount = 1,
            RowCount = 1,
            FailedCount = 0,
            Parts = [new Part { Name = rename?.Invoke(name) ?? name, RowCount = 1, Bytes = 3, Sha256 = Convert.ToHexStringLower(SHA256.HashData(rows)) }],
        };
        await WriteAsync(services, output.Combine("manifest.json"), manifest.ToJson());
        return (job, output.Combine("manifest.json"), output.Combine(name));
    }

    private async Task<ServiceProvider> ServicesAsync() => StackServices.Create(new Dictionary<string, string>
    {
        ["HrNetBatch:Ledger:ConnectionString"] = "Host=unused",
        ["HrNetBatch:Blobs:Accounts:local:ConnectionString"] = await azurite.ConnectionStringAsync(),
    });

    private static async Task<BlobPath> FolderAsync(ServiceProvider services)
    {
        BlobPath folder = BlobPath.Parse($"blob://local/runs-{Guid.NewGuid():n}/flowers/");
        await services.GetRequiredService<BlobStore>().CreateContainerAsync(folder, Cancellation);
        return folder;
    }

    private static async Task WriteAsync(ServiceProvider services, BlobPath path, byte[] bytes)
    {
        using var content = new MemoryStream(bytes);
        await services.GetRequiredService<BlobStore>().UploadAsync(path, content, cancellation: Cancellation);
    }

    private Task<int> DownloadAsync(ServiceProvider services, Guid job, object result) =>
        new ResultDownload(services.GetRequiredService<BlobStore>(), services.GetRequiredService<ManifestStore>())
            .RunAsync(job, JsonSerializer.SerializeToElement(result), _folder.Path, Cancellation);

    private IEnumerable<string> Files() => Directory.EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(_folder.Path, file)).Order(StringComparer.Ordinal);
}
