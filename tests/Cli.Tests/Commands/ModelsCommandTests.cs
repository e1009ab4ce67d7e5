using System.Text.Json;
using HrNetBatch.Cli.Stack;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds.Models;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.TestKit;
using Microsoft.Extensions.DependencyInjection;

namespace HrNetBatch.Cli.Tests.Commands;

public sealed class ModelsCommandTests(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private TestDatabase _database = null!;
    private Dictionary<string, string> _environment = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await postgres.CreateDatabaseAsync();
        _environment = new Dictionary<string, string>
        {
            ["HrNetBatch__Ledger__ConnectionString"] = _database.ConnectionString,
            ["HrNetBatch__Blobs__Accounts__local__ConnectionString"] = await azurite.ConnectionStringAsync(),
            ["HrNetBatch__Models__Root"] = $"blob://local/models-{Guid.NewGuid():n}",
        };
        await using ServiceProvider services = StackServices.Create(new Dictionary<string, string> { ["HrNetBatch:Ledger:ConnectionString"] = _database.ConnectionString });
        await services.GetRequiredService<LedgerMigrator>().MigrateAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task List_ShowsTheRest_AndSaysWhichVersionCannotBeRead()
    {
        await JsonAsync("models", "add", "flowers", Weights());
        await using ServiceProvider services = StackServices.Create(_environment.ToDictionary(pair => pair.Key.Replace("__", ":", StringComparison.Ordinal), pair => pair.Value));
        await services.GetRequiredService<BlobStore>().UploadAsync(
            services.GetRequiredService<ModelStore>().Root.Combine("birds/versions/000001.json"), new MemoryStream([1]), cancellation: TestContext.Current.CancellationToken);

        CommandResult all = await HrnetAsync("models", "list"), birds = await HrnetAsync("models", "list", "birds");

        Assert.Equal((0, 0), (all.ExitCode, birds.ExitCode));
        Assert.Contains("flowers", all.Output, StringComparison.Ordinal);
        Assert.All([all, birds], list => Assert.Contains("birds/versions/000001.json", list.Error, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Models_AreAddedShownTaggedListedAndRemoved()
    {
        string weights = Weights();
        await File.WriteAllLinesAsync(_folder.File("labels.txt"), ["rose", "tulip", "", "daisy"], TestContext.Current.CancellationToken);

        JsonElement added = await JsonAsync("models", "add", "flowers", weights, "--labels", _folder.File("labels.txt"), "--image-size", "64", "--tag", "best", "--remark", "first");
        JsonElement shown = await JsonAsync("models", "show", "flowers@best");
        JsonElement listed = Assert.Single((await JsonAsync("models", "list")).EnumerateArray());
        CommandResult table = await HrnetAsync("models", "list", "model:flowers");
        JsonElement inspected = await JsonAsync("inspect", "model:flowers@best");
        CommandResult tagged = await HrnetAsync("models", "remove", "flowers@1");
        await JsonAsync("models", "untag", "flowers", "best");
        JsonElement removed = await JsonAsync("models", "remove", "flowers@1");
        CommandResult gone = await HrnetAsync("models", "show", "flowers@1");

        Assert.Equal("model:flowers@1", added.GetProperty("reference").GetString());
        Assert.Equal(["rose", "tulip", "daisy"], shown.GetProperty("model").GetProperty("labels").EnumerateArray().Select(label => label.GetString()));
        Assert.Equal(("first", 64), (shown.GetProperty("model").GetProperty("remark").GetString(), shown.GetProperty("model").GetProperty("imageSize").GetInt32()));
        Assert.Equal("best", Assert.Single(shown.GetProperty("tags").EnumerateArray()).GetString());
        Assert.Equal(("flowers", 1), (listed.GetProperty("name").GetString(), listed.GetProperty("versionCount").GetInt32()));
        Assert.Contains("w18_small_v1", table.Output, StringComparison.Ordinal);
        Assert.Equal(shown.GetProperty("model").GetProperty("sha256").GetString(), inspected.GetProperty("sha256").GetString());
        Assert.Equal((1, 1), (tagged.ExitCode, removed.GetProperty("removed").GetInt32()));
        Assert.Contains("'best'", tagged.Error, StringComparison.Ordinal);
        Assert.Equal(1, gone.ExitCode);
        Assert.Contains("was removed", gone.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("No Flowers", "weights.pth", "cannot be a model's name")]
    [InlineData("flowers", "nothing.pth", "does not exist")]
    public async Task Add_SaysWhatIsWrong_WithTheRequest(string name, string file, string expected)
    {
        CommandResult result = await HrnetAsync("models", "add", name, _folder.File(file));

        Assert.Equal(2, result.ExitCode);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rose,tulip,rose,tulip,daisy", "'rose', 'tulip' stand twice; each class needs a name of its own")]
    [InlineData("rose,tu\u001b[31mlip,daisy", "'tu\\u001b[31mlip' has a control character")]
    public async Task Add_RefusesLabelsThatAreDoubledOrHoldControlCharacters(string labels, string expected)
    {
        await File.WriteAllLinesAsync(_folder.File("labels.txt"), labels.Split(','), TestContext.Current.CancellationToken);

        CommandResult result = await HrnetAsync("models", "add", "flowers", Weights(), "--labels", _folder.File("labels.txt"));

        Assert.Equal(2, result.ExitCode);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Remove_NeedsTheNumberOfAVersion()
    {
        CommandResult result = await HrnetAsync("models", "remove", "flowers");

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("NAME@NUMBER", result.Error, StringComparison.Ordinal);
    }

    private string Weights()
    {
        string file = _folder.File("weights.pth");
        using var network = new HrNet(HrNetVariant.Parse("w18_small_v1"), 3);
        using FileStream stream = File.Create(file);
        CheckpointWriter.Write(stream, network.state_dict());
        return file;
    }

    private async Task<JsonElement> JsonAsync(params string[] arguments)
    {
        CommandResult result = await HrnetAsync([.. arguments, "--json"]);
        Assert.True(result.ExitCode == 0, result.Error);
        return JsonSerializer.Deserialize<JsonElement>(result.Output);
    }

    private Task<CommandResult> HrnetAsync(params string[] arguments) => HrnetProcess.RunAsync(arguments, _environment);
}
