using Azure;
using Azure.Storage.Blobs;
using HrNetBatch.LocalStack;
using HrNetBatch.TestKit;

namespace HrNetBatch.Cli.Tests.LocalStack;

public sealed class AzuriteServerTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task Container_HoldsABlob()
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        BlobContainerClient container = await azurite.CreateContainerAsync();

        await container.UploadBlobAsync("a", BinaryData.FromString("text"), cancellationToken);

        Assert.True(await container.GetBlobClient("a").ExistsAsync(cancellationToken));
    }

    [Fact]
    public async Task ThePublishedKey_OpensNothing()
    {
        const string Published = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
        string own = await azurite.ConnectionStringAsync();
        string guessed = string.Join(';', own.Split(';').Select(part => part.StartsWith("AccountKey=", StringComparison.Ordinal) ? $"AccountKey={Published}" : part));
        Assert.NotEqual(own, guessed);
        var options = new BlobClientOptions(BlobClientOptions.ServiceVersion.V2026_06_06) { Retry = { MaxRetries = 0 } };

        RequestFailedException refused = await Assert.ThrowsAsync<RequestFailedException>(async () =>
            await new BlobServiceClient(guessed, options).CreateBlobContainerAsync("anybody", cancellationToken: TestContext.Current.CancellationToken));

        Assert.Equal(403, refused.Status);
    }

    [Fact]
    public async Task Start_KeepsPortAndBlobs_WhenTheServerWasStopped()
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder();
        string connectionString;
        await using (AzuriteServer first = await AzuriteServer.StartAsync(folder.Path, null, cancellationToken))
        {
            connectionString = first.ConnectionString;
            var service = new BlobServiceClient(connectionString, new(BlobClientOptions.ServiceVersion.V2026_06_06));
            await service.CreateBlobContainerAsync("kept", cancellationToken: cancellationToken);
        }

        await using AzuriteServer second = await AzuriteServer.StartAsync(folder.Path, null, cancellationToken);

        Assert.Equal(connectionString, second.ConnectionString);
        var again = new BlobServiceClient(second.ConnectionString, new(BlobClientOptions.ServiceVersion.V2026_06_06));
        Assert.True(await again.GetBlobContainerClient("kept").ExistsAsync(cancellationToken));
    }
}
