using Azure.Storage.Blobs;
using HrNetBatch.Cli.Stack;
using HrNetBatch.Cli.Transfer;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.TestKit;
using Microsoft.Extensions.DependencyInjection;

namespace HrNetBatch.Cli.Tests.Transfer;

/// <summary>A file that somebody writes while it is read is at fault, and not the storage account.</summary>
public sealed class SteadyFileTests(AzuriteFixture azurite) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task AFileThatNobodyWrites_IsReadAsItIs_FromAnyPlace()
    {
        string path = Write(100_000);
        await using SteadyFile file = SteadyFile.Open(path);
        using var first = new MemoryStream();
        await file.CopyToAsync(first, Cancellation);
        file.Seek(-10, SeekOrigin.End);
        byte[] last = new byte[20];

        Assert.Equal(10, await file.ReadAsync(last, Cancellation));
        Assert.Equal(await File.ReadAllBytesAsync(path, Cancellation), first.ToArray());
        Assert.Equal(first.ToArray()[^10..], last[..10]);
    }

    [Theory]
    [InlineData("longer")]
    [InlineData("shorter")]
    [InlineData("other")]
    public async Task AFileThatSomebodyWrites_IsNamed(string change)
    {
        string path = Write(100_000);
        await using SteadyFile file = SteadyFile.Open(path);
        Change(path, change);

        UserException fault = await Assert.ThrowsAsync<UserException>(() => file.CopyToAsync(Stream.Null, Cancellation));

        Assert.Equal($"{path} changed while it was read. Run the command again when nobody writes the file.", fault.Message);
    }

    [Theory]
    [InlineData("longer")]
    [InlineData("shorter")]
    [InlineData("other")]
    public async Task AnUpload_NamesTheFile_AndLeavesNoMixture(string change)
    {
        BlobContainerClient container = await azurite.CreateContainerAsync();
        await using ServiceProvider services = StackServices.Create(new Dictionary<string, string>
        {
            ["HrNetBatch:Ledger:ConnectionString"] = "Host=unused",
            ["HrNetBatch:Blobs:Accounts:local:ConnectionString"] = await azurite.ConnectionStringAsync(),
        });
        string path = Write(3_000_000);
        await using SteadyFile file = SteadyFile.Open(path);
        Change(path, change);

        UserException fault = await Assert.ThrowsAsync<UserException>(() =>
            services.GetRequiredService<BlobStore>().UploadAsync(BlobPath.Parse($"blob://local/{container.Name}/a.bin"), file, cancellation: Cancellation));

        Assert.StartsWith($"{path} changed while it was read.", fault.Message, StringComparison.Ordinal);
        Assert.False(await container.GetBlobClient("a.bin").ExistsAsync(Cancellation));
    }

    private string Write(int length)
    {
        string path = _folder.File("a.bin");
        byte[] content = new byte[length];
        new Random(1).NextBytes(content);
        File.WriteAllBytes(path, content);
        File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch);   // long ago, so that whoever writes it now changes it
        return path;
    }

    private static void Change(string path, string change)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        if (change == "shorter") file.SetLength(file.Length - 1);
        else file.Seek(0, change == "longer" ? SeekOrigin.End : SeekOrigin.Begin);
        if (change != "shorter") file.WriteByte(7);
    }
}
