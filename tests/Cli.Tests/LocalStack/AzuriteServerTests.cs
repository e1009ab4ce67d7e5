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
