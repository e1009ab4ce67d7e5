using System.CommandLine;
using HrNetBatch.Cli.Submission;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Kinds;
using HrNetBatch.Kinds.Train;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Configuration;
using HrNetBatch.Model.Training;
using HrNetBatch.TestKit;

namespace HrNetBatch.Cli.Tests.Submission;

public sealed class TrainOptionsTests : IDisposable
{
    internal const string Recipe = """
        GPUS: (0,1)
        MODEL:
          IMAGE_SIZE: [64, 64]
          EXTRA:
            STAGE1: {NUM_BLOCKS: [1], NUM_CHANNELS: [32]}
            STAGE2: {NUM_MODULES: 1, NUM_BLOCKS: [2, 2], NUM_CHANNELS: [16, 32]}
            STAGE3: {NUM_MODULES: 1, NUM_BLOCKS: [2, 2, 2], NUM_CHANNELS: [16, 32, 64]}
            STAGE4: {NUM_MODULES: 1, NUM_BLOCKS: [2, 2, 2, 2], NUM_CHANNELS: [16, 32, 64, 128]}
        TRAIN: {OPTIMIZER: sgd, LR: 0.3, BATCH_SIZE_PER_GPU: 8}
        """;

    private readonly TemporaryFolder _folder = new();
    private readonly string _file;

    public TrainOptionsTests()
    {
        _file = _folder.File("recipe.yaml");
        File.WriteAllText(_file, Recipe);
    }

    [Fact]
    public void Config_FillsWhatWasNotTyped()
    {
        TrainArguments arguments = Train("--config", _file, "TRAIN.END_EPOCH=7", "MODEL.NUM_CLASSES=9", "--seed", "3");

        Assert.Equal(("w18_small_v1", 9, 64, 7), (arguments.Variant, arguments.ClassCount, arguments.ImageSize, arguments.EpochCount));
        Assert.Equal((0.3, 16, 3), (arguments.LearningRate, arguments.BatchSize, arguments.Seed));
    }

    [Fact]
    public void TypedOptions_StandOverTheFile_WhereverTheyStand()
    {
        TrainArguments arguments = Train(
            "--labels", "cat,dog", "fox", "--config", _file, "TRAIN.LR=0.2", "--batch-size", "5", "--learning-rate", "0.1", "--variant", "w18");

        Assert.Equal(("w18", null, 5, 0.1), (arguments.Variant, arguments.ClassCount, arguments.BatchSize, arguments.LearningRate));
        Assert.Equal(["cat", "dog", "fox"], arguments.Labels!);
    }

    [Fact]
    public void Config_GivesANetworkBeyondTheNineAsItsNumbers()
    {
        TrainArguments arguments = Train("--config", _file, "MODEL.EXTRA.STAGE2.NUM_CHANNELS=[16,40]");

        Assert.Null(arguments.Variant);
        Assert.Equal([16, 40], arguments.Architecture!.Stage2.Widths);
    }

    [Fact]
    public void Architecture_IsTypedAsJson()
    {
        TrainArguments arguments = Train("--class-count", "2", "--architecture", """
            {"stage1":{"blockCount":1,"width":8},"stage2":{"moduleCount":1,"blockCounts":[1,1],"widths":[8,16]},
             "stage3":{"moduleCount":1,"blockCounts":[1,1,1],"widths":[8,16,32]},"stage4":{"moduleCount":1,"blockCounts":[1,1,1,1],"widths":[8,16,32,64]}}
            """);

        Assert.Equal(HrNetArchitecture.Uniform(1, 8, (1, 1, 1), 1, 8), arguments.Architecture);
    }

    [Fact]
    public void Config_IsRefused_WhereItIsNoFileOrNoConfiguration()
    {
        var missing = Assert.Throws<UserException>(() => Train("--config", _file + "x"));
        var unknown = Assert.Throws<ExperimentException>(() => Train("--config", _file, "TRAIN.LRR=1"));

        Assert.Contains("recipe.yamlx does not exist", missing.Message, StringComparison.Ordinal);
        Assert.Contains("did you mean TRAIN.LR?", unknown.Message, StringComparison.Ordinal);
        Assert.Equal((unknown.Message, 2), Explanation.Of(unknown));
    }

    [Fact]
    public void WithoutANetwork_TheRefusalNamesBothWays()
    {
        var refused = Assert.Throws<JobArgumentsException>(() => Train("--class-count", "2"));

        Assert.Contains("--variant (variant): give variant or architecture", JobOptions.InWordsOfTheCommandLine(refused), StringComparison.Ordinal);
    }

    [Fact]
    public void Config_KeepsTheMathematicsOfItsGpus_UnlessTheTypedBatchIsSmallerThanOneGpus()
    {
        Assert.Equal((16, 8), Batch("--config", _file, "MODEL.NUM_CLASSES=9"));
        Assert.Equal((12, 8), Batch("--config", _file, "MODEL.NUM_CLASSES=9", "--batch-size", "12"));
        Assert.Equal((5, null), Batch("--config", _file, "MODEL.NUM_CLASSES=9", "--batch-size", "5"));

        (int, int?) Batch(params string[] typed) => Train(typed) is var arguments ? (arguments.BatchSize, arguments.MicroBatchSize) : default;
    }

    [Fact]
    public void Recipe_FillsWhatWasNotTyped()
    {
        TrainArguments arguments = Train("--recipe", "cosine-cutmix-300", "--variant", "w18", "--class-count", "9", "--epoch-count", "7", "--batch-size", "16");

        Assert.Equal((7, 16, null, 1.0), (arguments.EpochCount, arguments.BatchSize, arguments.MicroBatchSize, arguments.CutMixAlpha));
        Assert.Equal(LearningRateSchedule.Cosine, arguments.LearningRateSchedule);
    }

    [Fact]
    public void Recipe_MayBeAFileOfOnesOwn()
    {
        string own = _folder.File("own.json");
        File.WriteAllText(own, """{"about": "Short.", "arguments": {"epochCount": 2, "variant": "w18", "classCount": 4}}""");

        Assert.Equal((2, "w18", 4), Train("--recipe", own) is var arguments ? (arguments.EpochCount, arguments.Variant, arguments.ClassCount) : default);
    }

    [Theory]
    [InlineData("""{"about": "Short."}""", "lacks the field arguments")]
    [InlineData("""{"about": "Short.", "argument": {}}""", "it has the unknown field argument (line 1")]
    [InlineData("{\n  \"about\": ", "it ends before it is complete (line 2")]
    public void Recipe_IsRefusedInWordsOfItsFile(string json, string expected)
    {
        string own = _folder.File("own.json");
        File.WriteAllText(own, json);

        string message = Assert.Throws<UserException>(() => Train("--recipe", own)).Message;

        Assert.Contains($"{own} is no recipe: ", message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.DoesNotContain("HrNetBatch.", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("There is no recipe mine; there are cosine-cutmix-300, distil, fine-tune, original-100", "--recipe", "mine")]
    [InlineData("The recipe distil needs --teacher.", "--recipe", "distil")]
    [InlineData("The recipe fine-tune needs --initial-checkpoint.", "--recipe", "fine-tune")]
    [InlineData("The recipe /none.json does not exist.", "--recipe", "/none.json")]
    [InlineData("Give --recipe or --config, not both", "--recipe", "original-100", "--config", "x.yaml")]
    public void Recipe_IsRefused_WhereItIsNoneOrLacksWhatItNeeds(string expected, params string[] typed)
    {
        var refused = Assert.Throws<UserException>(() => Train([.. typed, "--variant", "w18", "--class-count", "2"]));

        Assert.StartsWith(expected, refused.Message, StringComparison.Ordinal);
        Assert.Equal(2, refused.ExitCode);
    }

    public void Dispose() => _folder.Dispose();

    private static TrainArguments Train(params string[] typed)
    {
        var options = new TrainOptions();
        var root = new RootCommand();
        options.AddTo(root);
        ParseResult parsed = root.Parse(["--data", "blob://local/shards/t.tar", "--output", "blob://local/models/", .. typed]);
        Assert.Empty(parsed.Errors);
        JobRequest request = options.ToRequest(parsed);
        return (TrainArguments)KindTable.Default.Parse(request.Kind, request.Arguments);
    }
}
