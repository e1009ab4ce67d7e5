using System.Diagnostics;
using System.Text.Json;
using Azure.Storage.Blobs;
using HrNetBatch.TestKit;

namespace HrNetBatch.Cli.Tests.Commands;

public sealed class UploadCommandTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task Upload_CopiesAFolder_AndTheSecondTimeOnlyWhatChanged()
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("cats"));
        await File.WriteAllTextAsync(folder.File("cats/1.txt"), "one", cancellationToken);
        await File.WriteAllTextAsync(folder.File("2.txt"), "two", cancellationToken);
        BlobContainerClient container = await azurite.CreateContainerAsync();

        JsonElement first = await UploadAsync(folder.Path, container.Name);
        await File.WriteAllTextAsync(folder.File("2.txt"), "TWO", cancellationToken);
        JsonElement second = await UploadAsync(folder.Path, container.Name);

        Assert.Equal((2, 0), Counts(first));
        Assert.Equal((1, 1), Counts(second));
        Assert.Equal("TWO", (await container.GetBlobClient("images/2.txt").DownloadContentAsync(cancellationToken)).Value.Content.ToString());
        Assert.True(await container.GetBlobClient("images/cats/1.txt").ExistsAsync(cancellationToken));
    }

    [Fact]
    public async Task Upload_TellsOfLinksThatLeadNowhere_AndOfPipes_AndFollowsNoLoops()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("dog"));
        Directory.CreateDirectory(folder.File("empty"));
        await File.WriteAllTextAsync(folder.File("dog/1.txt"), "one", TestContext.Current.CancellationToken);
        Directory.CreateSymbolicLink(folder.File("dog/up"), "..");
        File.CreateSymbolicLink(folder.File("dog/gone.txt"), "nothing");
        File.CreateSymbolicLink(folder.File("dog/2.txt"), "1.txt");
        using (Process mkfifo = Process.Start("mkfifo", [folder.File("dog/pipe")])) await mkfifo.WaitForExitAsync(TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(folder.File("dog/empty.txt"), "", TestContext.Current.CancellationToken);
        BlobContainerClient container = await azurite.CreateContainerAsync();

        JsonElement summary = await UploadAsync(folder.Path, container.Name);

        Assert.Equal((3, 0), Counts(summary));
        string[] leftOut = [.. summary.GetProperty("leftOut").EnumerateArray().Select(left => left.GetString()!).Order(StringComparer.Ordinal)];
        Assert.Equal(4, leftOut.Length);
        Assert.Contains(leftOut, left => left.Contains("dog/pipe is a pipe", StringComparison.Ordinal));
        Assert.Contains(leftOut, left => left.Contains("dog/gone.txt is a link to nothing, which is not there", StringComparison.Ordinal));
        Assert.Contains(leftOut, left => left.Contains("dog/up is a link to .., a folder that it lies in: not followed", StringComparison.Ordinal));
        Assert.Contains(leftOut, left => left.Contains("1 empty folder, such as", StringComparison.Ordinal));
    }

    private static (int Uploaded, int Skipped) Counts(JsonElement summary) =>
        (summary.GetProperty("uploaded").GetInt32(), summary.GetProperty("skipped").GetInt32());

    private async Task<JsonElement> UploadAsync(string folder, string container)
    {
        CommandResult result = await HrnetProcess.RunAsync(
            ["upload", folder, $"blob://local/{container}/images/", "--json"],
            new Dictionary<string, string>
            {
                ["HrNetBatch__Blobs__Accounts__local__ConnectionString"] = await azurite.ConnectionStringAsync(),
            });
        Assert.True(result.ExitCode == 0, result.Error);
        return JsonSerializer.Deserialize<JsonElement>(result.Output);
    }
}
