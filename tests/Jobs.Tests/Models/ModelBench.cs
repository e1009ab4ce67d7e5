using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Tests.Blobs;
using HrNetBatch.Jobs.Tests.Ledger;
using HrNetBatch.Kinds.Models;
using HrNetBatch.TestKit;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Jobs.Tests.Models;

/// <summary>An empty model store in Azurite and a ledger, of a test's own.</summary>
public sealed class ModelBench(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    public LedgerDatabase Ledger { get; } = new(postgres);

    internal TestBlobs Blobs { get; private set; } = null!;

    public ModelStore Store { get; private set; } = null!;

    public PinnedCheckpointStore Pins => new(Ledger.Source);

    public ModelTags Tags => new(Store, Blobs.Store, TimeProvider.System);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await Ledger.InitializeAsync();
        Blobs = await TestBlobs.CreateAsync(azurite);
        Store = new ModelStore(Blobs.Store, Options.Create(new ModelOptions { Root = $"{Blobs.Root.Combine("models")}" }));
    }

    public ValueTask DisposeAsync() => Ledger.DisposeAsync();

    public ModelRemoval Removal(TimeProvider? time = null) => new(Store, Blobs.Store, Tags, Pins, time ?? TimeProvider.System);

    /// <summary>Adds the small network.</summary>
    public Task<ModelVersion> AddAsync(string name, Guid? job = null, Func<Task>? checkLease = null, Func<NewModel, NewModel>? change = null)
    {
        var model = new NewModel { Name = name, Source = "/home/somebody/best weights.pth", Job = job };
        return new ModelAddition(Store, Blobs.Store, TimeProvider.System).AddAsync(change?.Invoke(model) ?? model, SmallWeights.Stream(), checkLease, Cancelled);
    }

    /// <summary>The names of the blobs of a folder of a model.</summary>
    public Task<List<string>> NamesAsync(string folder) => Blobs.NamesAsync($"models/{folder}");
}
