using System.Text.Json;
using HrNetBatch.Cli.Stack;
using HrNetBatch.Cli.Transfer;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.TestKit;
using Microsoft.Extensions.DependencyInjection;

namespace HrNetBatch.Cli.Tests.Transfer;

public sealed class ResultDownloadTests(AzuriteFixture azurite) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task AReport_ComesWithItsTablesAndMistakes_AndNothingElseOfItsFolder()
    {
        await using ServiceProvider services = StackServices.Create(new Dictionary<string, string>
        {
            ["HrNetBatch:Ledger:ConnectionString"] = "Host=unused",
            ["HrNetBatch:Blobs:Accounts:local:ConnectionString"] = await azurite.ConnectionStringAsync(),
        });
        var blobs = services.GetRequiredService<BlobStore>();
        BlobPath run = BlobPath.Parse($"blob://local/runs-{Guid.NewGuid():n}/flowers/");
        await blobs.CreateContainerAsync(run, TestContext.Current.CancellationToken);
        foreach (string name in new[] { "report.json", "classes.csv", "confusion.csv", "mistakes.json", "mistakes/0001.png", "model_best.pth.tar" })
        {
            using var content = new MemoryStream([1, 2, 3]);
            await blobs.UploadAsync(run.Combine(name), content, cancellation: TestContext.Current.CancellationToken);
        }

        int count = await new ResultDownload(blobs).RunAsync(
            JsonSerializer.SerializeToElement(new { top1 = 0.5, report = $"{run.Combine("report.json")}" }), _folder.Path, TestContext.Current.CancellationToken);

        Assert.Equal(5, count);
        Assert.Equal(
            ["classes.csv", "confusion.csv", "mistakes.json", "mistakes/0001.png", "report.json"],
            Directory.EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(_folder.Path, file)).Order(StringComparer.Ordinal));
    }
}
