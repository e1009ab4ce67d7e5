using Azure.Core;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.TestKit;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Jobs.Tests.Blobs;

/// <summary>An empty container of a test's own in Azurite, under the alias <c>test</c>.</summary>
internal sealed record TestBlobs(BlobAccounts Accounts, BlobStore Store, BlobPath Root)
{
    public static async Task<TestBlobs> CreateAsync(AzuriteFixture azurite)
    {
        var container = await azurite.CreateContainerAsync();
        var accounts = AccountsOf(await azurite.ConnectionStringAsync());
        return new(accounts, new BlobStore(accounts), new BlobPath("test", container.Name, ""));
    }

    public static BlobAccounts AccountsOf(string connectionString) =>
        new(Options.Create(new BlobAccountsOptions { Accounts = { ["test"] = new() { ConnectionString = connectionString } } }),
            new Lazy<TokenCredential>(() => throw new InvalidOperationException("A key opens it.")));

    public Task<BlobEntry> WriteAsync(string name, byte[] content) =>
        Store.UploadAsync(Root.Combine(name), new MemoryStream(content), cancellation: TestContext.Current.CancellationToken);

    /// <summary>Writes a blob under a name that no client of ours would send, as others can.</summary>
    public async Task WriteRawAsync(string name, byte[] content)
    {
        var container = Accounts.Container(Root);
        var sas = container.GenerateSasUri(Azure.Storage.Sas.BlobContainerSasPermissions.All, TimeProvider.System.GetUtcNow().AddHours(1));
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Put, $"{container.Uri}/{Uri.EscapeDataString(name)}{sas.Query}") { Content = new ByteArrayContent(content) };
        request.Headers.Add("x-ms-blob-type", "BlockBlob");
        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
    }

    public async Task<List<string>> NamesAsync(string folder = "")
    {
        var names = new List<string>();
        await foreach (var blob in Store.ListAsync(Root with { Name = folder }, TestContext.Current.CancellationToken)) names.Add(blob.Path.Name);
        return names;
    }
}
