using System.Text.Json.Nodes;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Kinds.Models;
using HrNetBatch.TestKit;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Jobs.Tests.Models;

public sealed class ModelStoreTests(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    private readonly ModelBench _bench = new(postgres, azurite);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _bench.InitializeAsync();

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact]
    public async Task Resolve_FindsTheNewest_AVersion_AndWhatATagPointsTo()
    {
        await _bench.AddAsync("flowers");
        await _bench.AddAsync("flowers");
        await _bench.AddAsync("birds");
        (ModelTag tag, int? before) = await _bench.Tags.SetAsync(new ModelReference("flowers", 1), "best", Cancelled);

        Assert.Equal((1, null), (tag.Version, before));
        Assert.Equal(2, (await ResolveAsync("flowers")).Version);
        Assert.Equal(1, (await ResolveAsync("flowers@1")).Version);
        Assert.Equal(1, (await ResolveAsync("flowers@best")).Version);
        IReadOnlyList<ModelSummary> all = await _bench.Store.ListAsync(Cancelled);
        Assert.Equal([("birds", 1, 1), ("flowers", 2, 2)], all.Select(model => (model.Name, model.Newest!.Version, model.VersionCount)));
        Assert.Equal(["best"], all[1].Tags.Select(found => found.Name));
    }

    [Fact]
    public async Task Resolve_SaysWhatThereIs_WhereNothingIsFound()
    {
        Assert.Contains("There are no models yet", (await RefusedAsync("flowers")).Message, StringComparison.Ordinal);
        await _bench.AddAsync("flowers");

        JobException name = await RefusedAsync("flowrs"), version = await RefusedAsync("flowers@7"), tag = await RefusedAsync("flowers@best");

        Assert.Contains("There is no model 'flowrs'", name.Message, StringComparison.Ordinal);
        Assert.Contains("Models there are: flowers", name.Message, StringComparison.Ordinal);
        Assert.Contains("'flowers' has no version 7; it has 1", version.Message, StringComparison.Ordinal);
        Assert.Contains("'flowers' has no tag 'best'", tag.Message, StringComparison.Ordinal);
        Assert.All([name, version, tag], refused => Assert.Equal(FailureKind.Permanent, refused.Kind));
    }

    [Fact]
    public void Root_SaysWhichSettingIsMissing()
    {
        var refused = Assert.Throws<JobException>(() => new ModelStore(_bench.Blobs.Store, Options.Create(new ModelOptions())).Root);

        Assert.Contains("HrNetBatch__Models__Root=blob://", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Find_PassesOverFieldsOfALaterProgram_AndNamesAFileThatIsDamaged()
    {
        ModelVersion version = await _bench.AddAsync("flowers");
        BlobPath file = _bench.Blobs.Root.Combine("models/flowers/versions/000001.json");
        JsonObject json = JsonNode.Parse((await _bench.Blobs.Store.ReadAsync(file, cancellation: Cancelled)).Bytes)!.AsObject();
        json["inventedLater"] = 1;
        await _bench.Blobs.WriteAsync("models/flowers/versions/000001.json", System.Text.Encoding.UTF8.GetBytes(json.ToJsonString()));

        Assert.Equal(version.Sha256, (await ResolveAsync("flowers")).Sha256);
        await _bench.Blobs.WriteAsync("models/flowers/versions/000001.json", "{"u8.ToArray());
        Assert.Contains("flowers/versions/000001.json", (await RefusedAsync("flowers")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_ShowsAllThatCanBeRead_AndSaysWhatCannotAndWhy()
    {
        for (int i = 0; i < 3; i++) await _bench.AddAsync("flowers");
        await _bench.AddAsync("birds");
        await _bench.Tags.SetAsync(new ModelReference("flowers", 1), "best", Cancelled);
        await _bench.Blobs.WriteAsync("models/flowers/versions/000003.json", "{"u8.ToArray());
        await _bench.Blobs.WriteAsync("models/birds/versions/000001.json", """{"name":"flowers"}"""u8.ToArray());
        await _bench.Blobs.WriteAsync("models/flowers/tags/odd.json", "no JSON"u8.ToArray());
        await _bench.Blobs.WriteAsync("models/flowers/versions/7.json", "somebody's notes"u8.ToArray());
        await _bench.Blobs.WriteAsync("models/Not A Model/versions/000001.json", "{}"u8.ToArray());

        IReadOnlyList<ModelSummary> all = await _bench.Store.ListAsync(Cancelled);

        Assert.Equal([("birds", null, 0), ("flowers", 2, 2)], all.Select(model => (model.Name, model.Newest?.Version, model.VersionCount)));
        Assert.Equal(["models/birds/versions/000001.json"], all[0].Unreadable.Select(blob => blob.Path.Name));
        Assert.Equal(["models/flowers/versions/000003.json", "models/flowers/tags/odd.json"], all[1].Unreadable.Select(blob => blob.Path.Name));
        Assert.All(all.SelectMany(model => model.Unreadable), blob => Assert.Contains(blob.Path.ToString(), blob.Why, StringComparison.Ordinal));
        Assert.Equal("best", Assert.Single(all[1].Tags).Name);
        Assert.Equal(0, await _bench.Removal(new LaterTime()).SweepAsync("flowers", Cancelled));   // the unreadable version may name any of the weights
        Assert.Equal(4, (await _bench.AddAsync("flowers")).Version);
    }

    [Fact]
    public async Task Find_RefusesAVersionThatNamesWeightsOfOthers()
    {
        await _bench.AddAsync("flowers");
        BlobPath file = _bench.Blobs.Root.Combine("models/flowers/versions/000001.json");
        JsonObject json = JsonNode.Parse((await _bench.Blobs.Store.ReadAsync(file, cancellation: Cancelled)).Bytes)!.AsObject();
        json["weights"] = "weights/../../birds/weights/x";
        await _bench.Blobs.WriteAsync("models/flowers/versions/000001.json", System.Text.Encoding.UTF8.GetBytes(json.ToJsonString()));

        Assert.Contains("versions/000001.json", (await RefusedAsync("flowers@1")).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<JobException>(() => _bench.Removal().RemoveAsync("flowers", 1, force: true, Cancelled));
    }

    [Theory]
    [InlineData("models", true)]
    [InlineData("models/flowers/x", true)]
    [InlineData("", true)]
    [InlineData("models2/run", false)]
    [InlineData("runs/models", false)]
    public void RequireOutside_RefusesAtUnderAndAboveTheRoot(string name, bool refused)
    {
        var thrown = Record.Exception(() => _bench.Store.RequireOutside(_bench.Blobs.Root with { Name = name }, "output"));

        Assert.Equal(refused, thrown is JobException { Kind: FailureKind.Permanent });
    }

    private sealed class LaterTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow().AddDays(2);
    }

    [Fact]
    public async Task Tag_MovesForOneOfThoseWhoMoveItAtOnce_AndTellsTheOthers()
    {
        for (int i = 0; i < 3; i++) await _bench.AddAsync("flowers");
        await _bench.Tags.SetAsync(new ModelReference("flowers", 1), "best", Cancelled);

        // Each has seen where the tag was before any of them moves it; who comes later may find it moved, and then moves it on.
        Task<Exception?>[] moves = [.. Enumerable.Range(0, 8).Select(i => Task.Run(
            async () => await Record.ExceptionAsync(() => _bench.Tags.SetAsync(new ModelReference("flowers", 2 + (i % 2)), "best", Cancelled)), Cancelled))];
        Exception?[] ends = await Task.WhenAll(moves);

        Assert.Contains(null, ends);
        Assert.All(ends.OfType<Exception>(), refused => Assert.Contains("Somebody else moved", Assert.IsType<JobException>(refused).Message, StringComparison.Ordinal));
        Assert.Contains((await ResolveAsync("flowers@best")).Version, new[] { 2, 3 });
    }

    [Theory]
    [InlineData("latest")]
    [InlineData("3")]
    [InlineData("Best One")]
    public async Task Tag_IsRefused_WhereItsNameWouldMeanSomethingElse(string tag) =>
        Assert.Contains($"'{tag}' cannot be", (await Assert.ThrowsAsync<JobException>(() => _bench.Tags.SetAsync(new ModelReference("flowers"), tag, Cancelled))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Untag_DeletesTheTagAlone()
    {
        await _bench.AddAsync("flowers");
        await _bench.Tags.SetAsync(new ModelReference("flowers"), "best", Cancelled);

        Assert.Equal(1, (await _bench.Tags.DeleteAsync("flowers", "best", Cancelled)).Version);

        Assert.Equal(1, (await ResolveAsync("flowers")).Version);
        await Assert.ThrowsAsync<JobException>(() => _bench.Tags.DeleteAsync("flowers", "best", Cancelled));
    }

    private async Task<ModelVersion> ResolveAsync(string text)
    {
        Assert.True(ModelReference.TryParse(text, out ModelReference? reference, out string? fault), fault);
        return await _bench.Store.ResolveAsync(reference, Cancelled);
    }

    private Task<JobException> RefusedAsync(string text) => Assert.ThrowsAsync<JobException>(() => ResolveAsync(text));
}
