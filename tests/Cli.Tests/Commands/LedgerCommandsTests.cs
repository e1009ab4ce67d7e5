using System.Text.Json;
using HrNetBatch.Cli.Stack;
using HrNetBatch.Cli.Submission;
using HrNetBatch.Cli.Tests.Submission;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds.Classify;
using HrNetBatch.TestKit;
using Microsoft.Extensions.DependencyInjection;

namespace HrNetBatch.Cli.Tests.Commands;

public sealed class LedgerCommandsTests(PostgresFixture postgres) : IAsyncLifetime
{
    private TestDatabase _database = null!;
    private ServiceProvider _services = null!;

    private JobStore Jobs => _services.GetRequiredService<JobStore>();

    public async ValueTask InitializeAsync()
    {
        _database = await postgres.CreateDatabaseAsync();
        _services = StackServices.Create(new Dictionary<string, string> { ["HrNetBatch:Ledger:ConnectionString"] = _database.ConnectionString });
        await _services.GetRequiredService<LedgerMigrator>().MigrateAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Status_FindsAJobByTheEndOfItsId()
    {
        JobRequest request = await EnqueueAsync();

        CommandResult result = await HrnetAsync("status", JobReference.Short(request.Id), "--json");

        Assert.Equal(0, result.ExitCode);
        using var document = JsonDocument.Parse(result.Output);
        Assert.Equal(request.Id, document.RootElement.GetProperty("job").GetProperty("id").GetGuid());
    }

    [Fact]
    public async Task Status_SaysWhatToDo_WhenThereIsNoSuchJob()
    {
        CommandResult result = await HrnetAsync("status", "abcdef");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("hrnet status", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancel_CancelsAWaitingJobAtOnce_AndWatchThenFails()
    {
        JobRequest request = await EnqueueAsync();

        CommandResult cancelled = await HrnetAsync("cancel", $"{request.Id}");
        CommandResult watched = await HrnetAsync("watch", $"{request.Id}");

        Assert.Equal(0, cancelled.ExitCode);
        Assert.Equal(JobState.Cancelled, (await Jobs.FindAsync(request.Id, TestContext.Current.CancellationToken))!.State);
        Assert.Equal(1, watched.ExitCode);
    }

    [Fact]
    public async Task Classify_SubmitsWithFollowers()
    {
        CommandResult result = await HrnetAsync(
            "train", "--data", "blob://local/shards/t.tar", "--variant", "w18_small_v1", "--class-count", "9", "--output", "blob://local/models/",
            "--then", "validate", "--data", "blob://local/shards/v.tar",
            "--then", "classify", "--input", "blob://local/images/", "--output", "blob://local/results/", "--json");

        Assert.Equal(0, result.ExitCode);
        using var document = JsonDocument.Parse(result.Output);
        Job job = (await Jobs.FindAsync(document.RootElement.GetProperty("id").GetGuid(), TestContext.Current.CancellationToken))!;
        JobRequest validate = Assert.Single(job.Followers);
        JobRequest classify = Assert.Single(validate.Then);
        Assert.Equal(("train", "validate", "classify"), (job.Kind, validate.Kind, classify.Kind));
        Assert.Equal("{{result.best}}", validate.Arguments.GetProperty("checkpoint").GetString());
        Assert.Equal("{{result.checkpoint}}", classify.Arguments.GetProperty("checkpoint").GetString());
    }

    [Fact]
    public async Task Train_TakesTheOriginalsConfiguration_AndSaysWhatItMadeOfIt()
    {
        using var folder = new TemporaryFolder();
        string file = folder.File("w18.yaml");
        await File.WriteAllTextAsync(file, TrainOptionsTests.Recipe, TestContext.Current.CancellationToken);
        string[] train = ["train", "--data", "blob://local/shards/t.tar", "--output", "blob://local/models/", "--json", "--config", file];

        CommandResult submitted = await HrnetAsync([.. train, "TRAIN.LR=0.2", "WORKERS=8"]);
        CommandResult refused = await HrnetAsync([.. train, "TRAIN.OPTIMIZER=lamb", "TRAIN.LRR=1"]);

        Assert.Equal((0, 2), (submitted.ExitCode, refused.ExitCode));
        using var document = JsonDocument.Parse(submitted.Output);
        Job job = (await Jobs.FindAsync(document.RootElement.GetProperty("id").GetGuid(), TestContext.Current.CancellationToken))!;
        Assert.Equal(("w18_small_v1", 0.2), (job.Arguments.GetProperty("variant").GetString(), job.Arguments.GetProperty("learningRate").GetDouble()));
        Assert.Contains("w18.yaml gives variant w18_small_v1, classCount 1000", submitted.Error, StringComparison.Ordinal);
        Assert.Contains("The network has 13.2 M parameters; an image of 64×64 takes 0.12 GFLOPs as the original counts", submitted.Error, StringComparison.Ordinal);
        Assert.Contains("batchSize 16 (8 on each of 2 GPUS)", submitted.Error, StringComparison.Ordinal);
        Assert.Contains("Not given, so as the original has it: MODEL.NAME cls_hrnet", submitted.Error, StringComparison.Ordinal);
        Assert.Contains("No effect: WORKERS", submitted.Error, StringComparison.Ordinal);
        Assert.Contains("'TRAIN.OPTIMIZER=lamb': TRAIN.OPTIMIZER is lamb: sgd, adam or rmsprop is needed", refused.Error, StringComparison.Ordinal);
        Assert.Contains("did you mean TRAIN.LR?", refused.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Export_FollowsATrainJob_WithTheBestWeights_OrTheRunWhereItsOptimizerIsNeeded()
    {
        CommandResult result = await HrnetAsync(
            "train", "--data", "blob://local/shards/t.tar", "--variant", "w18_small_v1", "--class-count", "9", "--output", "blob://local/models/",
            "--then", "export", "--output", "blob://local/models/best.onnx", "--json");
        CommandResult run = await HrnetAsync(
            "train", "--data", "blob://local/shards/t.tar", "--variant", "w18_small_v1", "--class-count", "9", "--output", "blob://local/models/",
            "--then", "export", "--output", "blob://local/models/run.pth.tar", "--json");

        Assert.Equal(["{{result.best}}", "{{result.checkpoint}}"], new[] { await CheckpointAsync(result), await CheckpointAsync(run) });

        async Task<string?> CheckpointAsync(CommandResult submitted)
        {
            Assert.True(submitted.ExitCode == 0, submitted.Error);
            using var document = JsonDocument.Parse(submitted.Output);
            Job job = (await Jobs.FindAsync(document.RootElement.GetProperty("id").GetGuid(), TestContext.Current.CancellationToken))!;
            return Assert.Single(job.Followers).Arguments.GetProperty("checkpoint").GetString();
        }
    }

    [Fact]
    public async Task Export_IsRefusedInTheWordsOfItsCommand()
    {
        CommandResult result = await HrnetAsync("export", "blob://local/models/best.pth", "blob://local/models/best.pth");

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("TARGET: is the checkpoint itself", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Export_OfABlobToABlob_IsAJob()
    {
        CommandResult result = await HrnetAsync("export", "blob://local/models/best.pth", "blob://local/models/best.onnx", "--fold-batch-norm", "false", "--json");

        Assert.True(result.ExitCode == 0, result.Error);
        using var document = JsonDocument.Parse(result.Output);
        Job job = (await Jobs.FindAsync(document.RootElement.GetProperty("id").GetGuid(), TestContext.Current.CancellationToken))!;
        Assert.Equal("export", job.Kind);
        Assert.Equal("blob://local/models/best.onnx", job.Arguments.GetProperty("output").GetString());
        Assert.False(job.Arguments.GetProperty("foldBatchNorm").GetBoolean());
    }

    [Fact]
    public async Task Schedule_IsAddedListedAndRemoved_AndAWrongExpressionRefused()
    {
        using var folder = new TemporaryFolder();
        string file = folder.File("request.json");
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(Request(), JobJson.Options), TestContext.Current.CancellationToken);

        CommandResult wrong = await HrnetAsync("schedule", "add", "nightly", file, "--cron", "at night");
        CommandResult never = await HrnetAsync("schedule", "add", "nightly", file, "--cron", "0 3 31 2 *");
        CommandResult eachSecond = await HrnetAsync("schedule", "add", "nightly", file, "--cron", "* * * * * *");
        CommandResult added = await HrnetAsync("schedule", "add", "nightly", file, "--cron", "@daily");   // no file of arguments
        CommandResult listed = await HrnetAsync("schedule", "list", "--json");
        CommandResult removed = await HrnetAsync("schedule", "remove", "nightly");

        Assert.Equal(2, eachSecond.ExitCode);
        Assert.Contains("a cron expression has five", eachSecond.Error, StringComparison.Ordinal);
        Assert.Equal([2, 2, 0, 0, 0], new[] { wrong.ExitCode, never.ExitCode, added.ExitCode, listed.ExitCode, removed.ExitCode });
        using var document = JsonDocument.Parse(listed.Output);
        Assert.Contains("never fires", never.Error, StringComparison.Ordinal);
        Assert.Equal("0 0 * * *", Assert.Single(document.RootElement.EnumerateArray()).GetProperty("cron").GetString());
    }

    [Fact]
    public async Task Submit_TakesAJobAndTheBodyOfAMessage_AndNamesLineAndFieldOfWhatIsWrong()
    {
        using var folder = new TemporaryFolder();
        string Write(string name, string text)
        {
            File.WriteAllText(folder.File(name), text);
            return folder.File(name);
        }
        const string Arguments = """{"input": "blob://local/images/", "checkpoint": "blob://local/models/best.pth", "output": "blob://local/results/"}""";
        string job = Write("job.json", """{"kind": "classify", "arguments": """ + Arguments + "}"), body = Write("body.json", """{"schemaVersion": 1, "arguments": """ + Arguments + "}");
        string wrong = Write("wrong.json", $$$"""
            {
              "kind": "classify",
              "notBefore": "2030-01-31T06:00:00",
              "arguments": {{{Arguments}}},
              "then": [{"kind": "validate", "arguments": {"checkpoint": "best.pth", "data": "blob://local/shards/"}}]
            }
            """);

        CommandResult submitted = await HrnetAsync("submit", job, "--json"), message = await HrnetAsync("submit", body, "--kind", "classify", "--json");
        CommandResult unknown = await HrnetAsync("submit", body), refused = await HrnetAsync("submit", wrong), folderNamed = await HrnetAsync("submit", folder.Path);
        CommandResult scheduled = await HrnetAsync("schedule", "add", "nightly", wrong, "--cron", "@daily");

        Assert.Equal([0, 0, 2, 2, 2, 2], new[] { submitted, message, unknown, refused, folderNamed, scheduled }.Select(result => result.ExitCode));
        foreach (CommandResult good in new[] { submitted, message })
        {
            using var document = JsonDocument.Parse(good.Output);
            Assert.Equal("classify", (await Jobs.FindAsync(document.RootElement.GetProperty("id").GetGuid(), TestContext.Current.CancellationToken))!.Kind);
        }
        Assert.Contains("line 1: kind: is required, and is one of classify, export, train, validate", unknown.Error, StringComparison.Ordinal);
        foreach (CommandResult result in new[] { refused, scheduled })
        {
            Assert.Contains("  line 3: notBefore: a time with its offset from UTC, such as \"2030-01-31T06:00:00Z\", is needed, this is \"2030-01-31T06:00:00\"", result.Error, StringComparison.Ordinal);
            Assert.Contains("  line 5: then[0].arguments.checkpoint: ", result.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("LineNumber", result.Error, StringComparison.Ordinal);
        }
        Assert.Contains($"The document {folder.Path} is a folder: name the file in it.", folderNamed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatMakesNoSense_EndsWithTwo_BeforeAnythingIsDone()
    {
        using var folder = new TemporaryFolder();
        string file = folder.File("a.json");
        await File.WriteAllTextAsync(file, "x", TestContext.Current.CancellationToken);

        (string[] Typed, string Error)[] cases =
        [
            (["inspect", "blob://local/models"], "'blob://local/models' is a container; name the checkpoint in it"),
            (["inspect", "blob://local/models/runs/"], "'blob://local/models/runs/' is a folder; name the checkpoint in it"),
            (["dataset", "inspect", folder.File("gone")], "gone does not exist"),
            (["dataset", "make", folder.Path, file], "is a file; name a folder"),
            (["dataset", "make", folder.Path, folder.File("out"), "--shard-bytes", "0"], "--shard-bytes must be 1 or more"),
            (["runs", "export", "abc", "--to", file], $"--to: {file} is a file; name a folder"),
            (["results", "abc", "--download", file], $"--download: {file} is a file; name a folder"),
            (["models", "tag", "flowers@1", "Best"], "'Best' cannot be a tag"),
            (["schedule", "add", " ", file, "--cron", "@daily"], "A schedule's name is 1 to 100 characters on one line"),
            (["up", "--stack", "/proc/nowhere"], "/proc/nowhere cannot be the stack's folder"),
        ];
        foreach ((string[] typed, string error) in cases)
        {
            CommandResult result = await HrnetAsync(typed);

            Assert.True(result.ExitCode == 2, $"{string.Join(' ', typed)}: {result.ExitCode} {result.Error}");
            Assert.Contains(error, result.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("should not happen", result.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Status_WritesArgumentsAsTheyAreTyped()
    {
        JobRequest request = await EnqueueAsync();

        CommandResult result = await HrnetAsync("status", JobReference.Short(request.Id));

        Assert.Contains("false", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("False", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_SaysWhenAJobStarts_ThatIsForLater()
    {
        JobRequest request = Request() with { NotBefore = new DateTimeOffset(2030, 1, 31, 12, 0, 0, TimeSpan.Zero) };
        await Jobs.EnqueueAsync(request, TestContext.Current.CancellationToken);

        CommandResult result = await HrnetAsync("status", JobReference.Short(request.Id));

        Assert.Contains($"starts at {request.NotBefore.Value.ToLocalTime():yyyy-MM-dd HH:mm:ss}", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_AreRefusedInTheirOwnWords()
    {
        CommandResult status = await HrnetProcess.RunAsync(["status"], new Dictionary<string, string>
        {
            ["HrNetBatch__Ledger__ConnectionString"] = "Host=127.0.0.1",
            ["HrNetBatch__Ledger__LeaseDuration"] = "soon",
        });

        Assert.Equal((1, "Error: HrNetBatch:Ledger:LeaseDuration is 'soon': a duration such as 00:00:05 is needed."), (status.ExitCode, status.Error.Trim()));
    }

    [Theory]
    [InlineData("Host=127.0.0.1;Foo=1", "unknown keyword \"foo\"")]
    [InlineData("postgres://127.0.0.1/ledger?foo=1", "unknown keyword \"foo\"")]
    [InlineData("postgres://hrnet:se/cret@127.0.0.1/ledger", "%2F")]
    public async Task LedgersConnectionString_IsRefusedInASentence(string connectionString, string expected)
    {
        CommandResult status = await HrnetProcess.RunAsync(
            ["status"], new Dictionary<string, string> { ["HrNetBatch__Ledger__ConnectionString"] = connectionString });

        Assert.Equal(1, status.ExitCode);
        Assert.Contains("HrNetBatch:Ledger:ConnectionString", status.Error, StringComparison.Ordinal);
        Assert.Contains(expected, status.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("should not happen", status.Error, StringComparison.Ordinal);
        Assert.StartsWith("Error: HrNetBatch:Ledger:ConnectionString ", status.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("se/cret", status.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Classify_IsRefusedWithTheOptionsName_WhenAValueIsOutOfRange()
    {
        CommandResult result = await HrnetAsync(
            "classify", "--input", "blob://local/images/", "--checkpoint", "blob://local/models/best.pth", "--output", "blob://local/results/", "--top-k", "0");

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("--top-k", result.Error, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await _database.DisposeAsync();
    }

    private static JobRequest Request() => JobRequest.For(new ClassifyArguments
    {
        Input = "blob://local/images/",
        Checkpoint = "blob://local/models/best.pth",
        Output = "blob://local/results/",
    });

    private async Task<JobRequest> EnqueueAsync()
    {
        JobRequest request = Request();
        await Jobs.EnqueueAsync(request, TestContext.Current.CancellationToken);
        return request;
    }

    private Task<CommandResult> HrnetAsync(params string[] arguments) => HrnetProcess.RunAsync(
        arguments, new Dictionary<string, string> { ["HrNetBatch__Ledger__ConnectionString"] = _database.ConnectionString });
}
