using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using HrNetBatch.Cli.Stack;
using HrNetBatch.Cli.Verifying;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Parquet.Serialization;

namespace HrNetBatch.Cli.Tests.Verifying;

/// <summary>An audit must find each way in which a result may break its promise. Outputs are written here by hand.</summary>
public sealed class ClassifyVerificationTests(AzuriteFixture azurite) : IAsyncLifetime
{
    private static readonly Guid JobId = Guid.NewGuid();
    private static readonly string Part = $"parts/part-000000-{JobId:n}-0a1b2c3d", Errors = $"parts/errors-000000-{JobId:n}-0a1b2c3d";

    private readonly Dictionary<string, byte[]> _parts = [];
    private ServiceProvider _services = null!;
    private BlobPath _root = null!;
    private string[] _etags = [];
    private PinnedCheckpoint _pinned = new() { Checkpoint = "model:pets@1", Sha256 = "ab" };
    private string _format = "jsonl";
    private int _topK = 1;
    private DateTimeOffset _submitted = DateTimeOffset.MaxValue; // every blob was there before

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private BlobStore Blobs => _services.GetRequiredService<BlobStore>();

    public async ValueTask InitializeAsync()
    {
        _services = StackServices.Create(new Dictionary<string, string>
        {
            ["HrNetBatch:Ledger:ConnectionString"] = "Host=unused",
            ["HrNetBatch:Blobs:Accounts:local:ConnectionString"] = await azurite.ConnectionStringAsync(),
        });
        _root = BlobPath.Parse($"blob://local/verify-{Guid.NewGuid():n}/");
        await Blobs.CreateContainerAsync(_root, Cancellation);
        _etags = [await WriteAsync("in/a.png", [1]), await WriteAsync("in/b, \"c\".png", [2]), await WriteAsync("in/d.png", [])];
        await WriteAsync("in/folder/", []);
        _parts[Part] = Lines(Row("in/a.png", _etags[0]), Row("in/b, \"c\".png", _etags[1]));
        _parts[Errors] = Lines(Failed("in/d.png", _etags[2]));
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    [Fact]
    public async Task AnOutputThatHoldsItsPromise_IsSound()
    {
        Verification found = await VerifyAsync();

        Assert.Equal([], found.Findings);
        Assert.True(found.IsSound);
        Assert.Contains("3 rows, 1 of them with an error; manifest, result and ledger agree on them", found.Facts);
        Assert.Contains($"3 blobs in {_root.Combine("in/")} besides 1 that stand for folders, each compared with its row", found.Facts);
        Assert.Empty(found.Remarks);
    }

    [Fact]
    public async Task Csv_IsReadWithItsQuotes()
    {
        const string Header = "name,etag,index_1,label_1,probability_1,error\r\n";
        _parts[Part] = Encoding.UTF8.GetBytes($"{Header}in/a.png,{_etags[0]},7,cat,0.5,\r\n\"in/b, \"\"c\"\".png\",{_etags[1]},7,cat,0.5,\r\n");
        _parts[Errors] = Encoding.UTF8.GetBytes($"{Header}in/d.png,{_etags[2]},,,,\"no image,\r\nbut text\"\r\n");

        Assert.Equal([], (await VerifyAsync("csv")).Findings);
    }

    [Fact]
    public async Task Parquet_IsReadByItsColumns()
    {
        _parts[Part] = await ParquetAsync(new ParquetRow("in/a.png", _etags[0], 7, 1f, null), new ParquetRow("in/b, \"c\".png", _etags[1], 0, 0.5f, null));
        _parts[Errors] = await ParquetAsync(new ParquetRow("in/d.png", _etags[2], null, null, "no image"));

        Assert.Equal([], (await VerifyAsync("parquet")).Findings);
    }

    [Fact]
    public async Task AMissingRow_IsFound()
    {
        _parts[Part] = Lines(Row("in/a.png", _etags[0]));

        await FindsAsync("Rows in all parts, against the blobs of the manifest: 2 instead of 3", "in/b, \"c\".png has no row, and was there before the job was submitted");
    }

    [Fact]
    public async Task ADoubledRow_IsFound()
    {
        _parts[Errors] = Lines(Failed("in/d.png", _etags[2]), Failed("in/a.png", _etags[0]));

        await FindsAsync("in/a.png has more than one row", "Rows in all parts, against the blobs of the manifest: 4 instead of 3");
    }

    [Fact]
    public async Task ARowWithoutClassOrError_IsFound()
    {
        _parts[Part] = Lines(Row("in/a.png", _etags[0]), new { name = "in/b, \"c\".png", etag = _etags[1], predictions = Array.Empty<object>(), error = (string?)null });

        await FindsAsync("The row of in/b, \"c\".png has neither a class nor an error");
    }

    [Fact]
    public async Task ChangedBytes_AreFound()
    {
        await WriteOutputAsync("jsonl");
        await WriteAsync($"out/{Part}.jsonl", Lines(Row("in/a.png", _etags[0]), Row("in/x.png", _etags[1])));

        Verification found = await RunAsync();

        Assert.Contains(found.Findings, finding => finding.Contains("SHA-256", StringComparison.Ordinal));
        Assert.Contains("in/b, \"c\".png has no row, and was there before the job was submitted", found.Findings);
    }

    [Fact]
    public async Task AMissingPart_AndAnOrphan_AreFound()
    {
        await WriteOutputAsync("jsonl");
        await Blobs.DeleteAsync(_root.Combine($"out/{Errors}.jsonl"), Cancellation);
        await WriteAsync($"out/parts/part-000009-{JobId:n}-ffffffff.jsonl", [1]);
        await WriteAsync($"out/parts/part-000009-{Guid.NewGuid():n}-ffffffff.jsonl", [1]); // another job's is none of ours

        Verification found = await RunAsync();

        Assert.Contains($"{_root.Combine($"out/{Errors}.jsonl")} is gone, with 1 row", found.Findings);
        Assert.Single(found.Findings, finding => finding.Contains("is an orphan", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AResultThatAnotherReplaced_IsSaidToBe()
    {
        await WriteOutputAsync("jsonl", owner: Guid.NewGuid());

        Assert.Contains("its results have replaced those of this job", Assert.Single((await RunAsync()).Findings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"a\":")]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"job":"x"}""")]
    [InlineData("<html>not found</html>")]
    public async Task ADamagedManifest_IsFound_AndSaidToBeDamaged(string content)
    {
        await WriteOutputAsync("jsonl");
        await WriteAsync("out/manifest.json", Encoding.UTF8.GetBytes(content));

        Assert.Equal([$"{_root.Combine("out/manifest.json")} is damaged: it is no manifest of a classify job"], (await RunAsync()).Findings);
    }

    [Fact]
    public async Task AnotherCheckpointOrRequest_IsFound()
    {
        await WriteOutputAsync("jsonl");
        await WriteAsync("out/job.json", JsonSerializer.SerializeToUtf8Bytes(new { job = Guid.NewGuid() }));
        (_pinned, _topK) = (_pinned with { Sha256 = "cd" }, 5);

        Assert.Equal(
            [
                "The manifest's topK, against the job's: 1 instead of 5",
                "The manifest's checkpointSha256, against the ledger's: ab instead of cd",
                $"{_root.Combine("out/job.json")} does not say that the output is this job's",
            ],
            (await RunAsync()).Findings);
    }

    [Fact]
    public async Task APartThatIsNone_AndARowThatNoClassifierWrites_AreFound()
    {
        _parts[Part] = Lines(Row("in/a.png", _etags[0], probability: 7), "\u001b");
        _parts[Errors] = Lines(Failed("in/d.png", _etags[2]));

        Verification found = await VerifyAsync();

        Assert.Contains(found.Findings, finding => finding.EndsWith("cannot be read as jsonl: line 2 is no row", StringComparison.Ordinal));
        _parts[Part] = Lines(Row("in/a.png", _etags[0], probability: 7), Row("in/b, \"c\".png", _etags[1], index: -1));
        await FindsAsync("The row of in/a.png has a probability that is none", "The row of in/b, \"c\".png names the class -1");
    }

    [Fact]
    public async Task AnotherLedgerCount_IsFound()
    {
        await WriteOutputAsync("jsonl");

        Verification found = await RunAsync(ledgerFailedCount: 2);

        Assert.Equal(["Rows with an error, against the ledger's failed items: 1 instead of 2"], found.Findings);
    }

    [Fact]
    public async Task WhatChangedSinceTheJobWasSubmitted_IsNoFinding()
    {
        await WriteOutputAsync("jsonl");
        _submitted = DateTimeOffset.MinValue;
        await WriteAsync("in/a.png", [1, 1]);
        await WriteAsync("in/e.png", [5]);
        await Blobs.DeleteAsync(_root.Combine("in/d.png"), Cancellation);

        Verification found = await RunAsync();

        Assert.Equal([], found.Findings);
        Assert.Equal(
            [
                "Rows whose blobs are not there any more: 1",
                "Blobs without a row that were written after the job was submitted: 1",
                "Blobs that were replaced after the job was submitted, whose rows are of the versions before: 1",
            ],
            found.Remarks);
    }

    private async Task FindsAsync(params string[] expected)
    {
        Verification found = await VerifyAsync();
        Assert.All(expected, finding => Assert.Contains(finding, found.Findings));
    }

    private async Task<Verification> VerifyAsync(string format = "jsonl")
    {
        await WriteOutputAsync(format);
        return await RunAsync();
    }

    // The manifest says what is right; the parts may break it.
    private async Task WriteOutputAsync(string format, Guid? owner = null)
    {
        foreach ((string name, byte[] content) in _parts) await WriteAsync($"out/{name}.{format}", content);
        _format = format;
        await WriteAsync("out/job.json", JsonSerializer.SerializeToUtf8Bytes(new { job = JobId }));
        await WriteAsync("out/manifest.json", JsonSerializer.SerializeToUtf8Bytes(new
        {
            job = owner ?? JobId,
            input = $"{_root.Combine("in")}", // as a manifest has it, whether or not the job's ends in a slash
            checkpoint = "model:pets@1",
            checkpointSha256 = "ab",
            topK = 1,
            format,
            blobCount = 3,
            rowCount = 2,
            failedCount = 1,
            parts = _parts.Select(part => new
            {
                name = $"{part.Key}.{format}",
                rowCount = part.Key == Part ? 2 : 1,
                bytes = part.Value.Length,
                sha256 = Convert.ToHexStringLower(SHA256.HashData(part.Value)),
            }),
        }));
    }

    private Task<Verification> RunAsync(long ledgerFailedCount = 1)
    {
        var job = new Job
        {
            Id = JobId,
            CreatedAt = _submitted,
            Arguments = JsonSerializer.SerializeToElement(new { input = $"{_root.Combine("in/")}", format = _format, topK = _topK }),
            Result = JsonSerializer.SerializeToElement(new { manifest = $"{_root.Combine("out/manifest.json")}", rows = 2, failed = 1, parts = 2 }),
        };
        return new ClassifyVerification(_services.GetRequiredService<BlobAccounts>(), job, _pinned, ledgerFailedCount).RunAsync(Cancellation);
    }

    private async Task<string> WriteAsync(string name, byte[] bytes)
    {
        using var content = new MemoryStream(bytes);
        return (await Blobs.UploadAsync(_root.Combine(name), content, cancellation: Cancellation)).ETag;
    }

    private static object Row(string name, string etag, int index = 7, double probability = 0.5) =>
        new { name, etag, predictions = new[] { new { index, label = "cat", probability } }, error = (string?)null };

    private static object Failed(string name, string etag) => new { name, etag, predictions = Array.Empty<object>(), error = "no image" };

    private static async Task<byte[]> ParquetAsync(params ParquetRow[] rows)
    {
        using var stream = new MemoryStream();
        await ParquetSerializer.SerializeAsync(rows, stream, cancellationToken: Cancellation);
        return stream.ToArray();
    }

    private sealed record ParquetRow(
        [property: JsonPropertyName("name")] string Name, [property: JsonPropertyName("etag")] string ETag,
        [property: JsonPropertyName("index")] int? Index, [property: JsonPropertyName("probability")] float? Probability, [property: JsonPropertyName("error")] string? Error);

    private static byte[] Lines(params object[] rows) => Encoding.UTF8.GetBytes(string.Concat(rows.Select(row => JsonSerializer.Serialize(row) + "\n")));
}
