using System.Text;
using System.Text.Json;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Kinds;
using HrNetBatch.Kinds.DataSets;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Data.Layouts;
using HrNetBatch.TestKit;

namespace HrNetBatch.Jobs.Tests.Blobs;

public class BlobNameTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("a/b.jpg", null)]
    [InlineData("/a//b/", null)]
    [InlineData("...", null)]
    [InlineData("a.b/..c", null)]
    [InlineData("😀.png", null)]
    [InlineData("..", "'..'")]
    [InlineData("a/../b", "'..'")]
    [InlineData("./b", "'.'")]
    [InlineData("a\\b", "backslash")]
    [InlineData("a\u001b[31m", "U+001B")]
    [InlineData("\u007f", "U+007F")]
    public void Fault_IsWhatAUrlWouldChange(string name, string? fault)
    {
        if (fault is null) Assert.Null(BlobName.Fault(name));
        else Assert.Contains(fault, BlobName.Fault(name)!, StringComparison.Ordinal);
    }

    [Fact]
    public void Fault_IsHalfACharacter() => Assert.Contains("surrogate", BlobName.Fault("a\ud800b")!, StringComparison.Ordinal);

    [Fact]
    public void Shown_EscapesWhatATerminalWouldObey() => Assert.Equal("a\\u001b[31mü", BlobName.Shown("a\u001b[31mü"));

    [Fact]
    public async Task Store_TakesNamesLiterally_WhateverSlashesAndSignsTheyHold()
    {
        var blobs = await TestBlobs.CreateAsync(azurite);
        string[] names = ["/a", "a", "//a", "e/", "e", "d//f", "q?x=1", "h#1", "p%2Fq", "p/q", "ä +&b"];
        foreach (var name in names) await blobs.WriteAsync(name, Encoding.UTF8.GetBytes(name));

        Assert.Equal(names.Order(StringComparer.Ordinal), (await blobs.NamesAsync()).Order(StringComparer.Ordinal));
        await foreach (var blob in blobs.Store.ListAsync(blobs.Root, Cancellation))
        {
            Assert.Equal(blob.Path.Name, Encoding.UTF8.GetString((await blobs.Store.ReadAsync(blob.Path, blob.ETag, cancellation: Cancellation)).Bytes));
            Assert.Equal(blob.ETag, (await blobs.Store.FindAsync(BlobPath.Parse($"{blob.Path}"), Cancellation))!.ETag);
            await using (var range = blobs.Store.OpenRange(blob)) Assert.Equal(blob.Path.Name, await new StreamReader(range).ReadToEndAsync(Cancellation));
            Assert.True(await blobs.Store.DeleteAsync(blob.Path, Cancellation));
        }
        Assert.Empty(await blobs.NamesAsync());
    }

    [Fact]
    public async Task Store_NeverAsksForANameThatMeansAnother()
    {
        var blobs = await TestBlobs.CreateAsync(azurite);
        await blobs.WriteAsync("secret", [1]);
        await blobs.WriteRawAsync("in/../secret", [2]);
        var listed = Assert.Single((await blobs.Store.ListPageAsync(blobs.Root.Combine("in"), null, 10, Cancellation)).Blobs);

        var read = await Assert.ThrowsAsync<BlobException>(() => blobs.Store.ReadAsync(listed.Path, cancellation: Cancellation));
        await Assert.ThrowsAsync<BlobException>(() => blobs.Store.DeleteAsync(listed.Path, Cancellation));
        await Assert.ThrowsAsync<BlobException>(() => blobs.Store.UploadAsync(listed.Path, new MemoryStream([3]), cancellation: Cancellation));
        Assert.Throws<BlobException>(() => blobs.Store.OpenRange(listed));

        Assert.Equal((true, false), (read.IsUnreadable, read.IsTransient));
        string told = $"'{listed.Path}' cannot be requested: its name holds the part '..', which URLs resolve to another name. Upload its file again under another name, and leave this blob out.";
        Assert.Equal(told, read.Message);
        Assert.Equal([1], (await blobs.Store.ReadAsync(blobs.Root.Combine("secret"), cancellation: Cancellation)).Bytes);
        Assert.Equal(told, (await Assert.ThrowsAsync<ShardException>(() => new BlobFiles(blobs.Store).OpenAsync(new DataFile($"{listed.Path}", 1, listed.ETag), 0, null, Cancellation))).Message);
    }

    [Fact]
    public async Task ADataSet_IsFoundBelowALeadingSlash_AndFolderMarkersAreNoFilesOfIt()
    {
        var blobs = await TestBlobs.CreateAsync(azurite);
        using var tar = new MemoryStream();
        await using (var writer = new ShardWriter(tar)) await writer.WriteAsync("k", "png", Classify.TestImages.Png(1), 0, Cancellation);
        await blobs.WriteAsync("/train/t-000.tar", tar.ToArray());
        await blobs.WriteAsync("/train/", []);
        await blobs.WriteAsync("/train", []);
        var files = new BlobFiles(blobs.Store);

        var data = await new DataSetFinder(files).FindAsync($"{blobs.Root}//train/", cancellationToken: Cancellation);
        await data.PrepareAsync(Cancellation);

        Assert.Equal(DataLayout.WebDataset, data.Layout);
        Assert.Equal(1, files.FolderMarkerCount);
        Assert.Null(await files.FindAsync($"{blobs.Root}//train", Cancellation));
        await using var stream = await files.OpenAsync((await files.FindAsync($"{blobs.Root}//train/t-000.tar", Cancellation))!, 0, null, Cancellation);
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy, Cancellation);
        Assert.Equal(tar.ToArray(), copy.ToArray());
    }

    [Theory]
    [InlineData("input", "blob://a/images/{{result.name}}/x")]
    [InlineData("checkpoint", "{{result.path}}")]
    public void WhatAFollowerTakesFromAResult_IsCheckedOnceItIsFilledIn(string field, string template)
    {
        var result = JsonSerializer.SerializeToElement(new { name = "../../other", path = "blob://a/images/../other/m.pth" });

        var refused = Assert.Throws<JobArgumentsException>(() => KindTable.Default.Parse("classify", ResultTemplate.Fill(With(template), result)));
        var unfilled = Assert.Throws<JobArgumentsException>(() => KindTable.Default.Parse("classify", With("{{result.a-b}}/..")));

        Assert.Contains("'..'", Assert.Single(refused.Faults), StringComparison.Ordinal);
        Assert.StartsWith(field, Assert.Single(unfilled.Faults), StringComparison.Ordinal);

        JsonElement With(string value) => JsonSerializer.SerializeToElement(new Dictionary<string, string>
        {
            ["input"] = "blob://a/images/in",
            ["checkpoint"] = "blob://a/images/m.pth",
            ["output"] = "blob://a/images/out",
            [field] = value,
        });
    }
}
