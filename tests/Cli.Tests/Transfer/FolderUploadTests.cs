using HrNetBatch.Cli.Stack;
using HrNetBatch.Cli.Transfer;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Kinds.Models;
using HrNetBatch.TestKit;
using Microsoft.Extensions.DependencyInjection;

namespace HrNetBatch.Cli.Tests.Transfer;

public sealed class FolderUploadTests(AzuriteFixture azurite) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("back\\slash.jpg", "backslash", "photos")]
    [InlineData("bell\u0007.jpg", "U+0007", "photos")]
    [InlineData("fine.jpg", "model store", "models/flowers")]
    [InlineData("models/fine.jpg", "model store", "")]   // the folder above it
    public async Task Run_RefusesNamesThatCannotBeBlobs_AndTheModelStore_BeforeAnythingIsUploaded(string name, string fault, string target)
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("Windows has no such names.");
        string container = $"upload-{Guid.NewGuid():n}";
        await using ServiceProvider services = StackServices.Create(new Dictionary<string, string>
        {
            ["HrNetBatch:Ledger:ConnectionString"] = "Host=unused",
            ["HrNetBatch:Blobs:Accounts:local:ConnectionString"] = await azurite.ConnectionStringAsync(),
            ["HrNetBatch:Models:Root"] = $"blob://local/{container}/models",
        });
        var blobs = services.GetRequiredService<BlobStore>();
        BlobPath root = BlobPath.Parse($"blob://local/{container}");
        await blobs.CreateContainerAsync(root, TestContext.Current.CancellationToken);
        Directory.CreateDirectory(Path.GetDirectoryName(_folder.File(name))!);
        foreach (string file in new[] { "a.jpg", name }) await File.WriteAllTextAsync(_folder.File(file), "x", TestContext.Current.CancellationToken);
        var upload = new FolderUpload(blobs, services.GetRequiredService<BlobAccounts>(), services.GetRequiredService<ModelStore>());

        UserException refused = await Assert.ThrowsAsync<UserException>(() => upload.RunAsync(
            _folder.Path, [.. new DirectoryInfo(_folder.Path).GetFiles("*", SearchOption.AllDirectories).Select(file => new UploadedFile(file.FullName, file.Length))], target.Length == 0 ? root : root.Combine(target), new TransferProgress(2, 2), TestContext.Current.CancellationToken));

        Assert.Contains(fault, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\u0007', refused.Message);
        Assert.Empty((await blobs.ListPageAsync(root, null, 10, TestContext.Current.CancellationToken)).Blobs);
    }
}
