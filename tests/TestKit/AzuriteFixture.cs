using Azure.Storage.Blobs;
using HrNetBatch.LocalStack;
using Xunit;

namespace HrNetBatch.TestKit;

/// <summary>
/// One Azurite for a test project, started by the first test that asks for a container.
/// Use: <c>[assembly: AssemblyFixture(typeof(AzuriteFixture))]</c> and a constructor parameter of this type.
/// </summary>
public sealed class AzuriteFixture : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly Lazy<Task<AzuriteServer>> _server;

    /// <summary>Prepares the fixture; nothing is started yet.</summary>
    public AzuriteFixture() => _server = new(() => AzuriteServer.StartAsync(_folder.Path));

    /// <summary>The connection string of the account.</summary>
    public async Task<string> ConnectionStringAsync() => (await RequiredService.StartedAsync("Azurite", _server.Value)).ConnectionString;

    /// <summary>A client of the account, speaking a protocol version that Azurite knows.</summary>
    public async Task<BlobServiceClient> ServiceAsync() =>
        new(await ConnectionStringAsync(), new BlobClientOptions(BlobClientOptions.ServiceVersion.V2026_06_06));

    /// <summary>Makes an empty container of the caller's own.</summary>
    public async Task<BlobContainerClient> CreateContainerAsync()
    {
        BlobContainerClient container = (await ServiceAsync()).GetBlobContainerClient($"test-{Guid.CreateVersion7():n}");
        await container.CreateAsync(cancellationToken: TestContext.Current.CancellationToken);
        return container;
    }

    /// <inheritdoc/>
    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_server.IsValueCreated && _server.Value.IsCompletedSuccessfully) await (await _server.Value).DisposeAsync();
        _folder.Dispose();
    }
}
