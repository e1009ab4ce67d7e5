using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Configuration;
using HrNetBatch.Model.Training;

namespace HrNetBatch.Model.Tests.Configuration;

public sealed class ExperimentConfigTests
{
    private static readonly string W18 = ExperimentFiles.Of(HrNetVariant.Parse("w18"));

    public static TheoryData<string> VariantNames => [.. HrNetVariant.All.Select(variant => variant.Name)];

    [Theory]
    [MemberData(nameof(VariantNames))]
    public void Read_TakesTheOriginalsNineAsTheyAre(string name)
    {
        HrNetVariant variant = HrNetVariant.Parse(name);

        AssertRecipe(variant, Read(ExperimentFiles.Of(variant)));
    }

    /// <summary>With HRNET_ORIGINAL naming a checkout of HRNet/HRNet-Image-Classification, its own files.</summary>
    [Theory]
    [MemberData(nameof(VariantNames))]
    public void Read_TakesTheOriginalsOwnFiles(string name)
    {
        string? checkout = Environment.GetEnvironmentVariable("HRNET_ORIGINAL");
        Assert.SkipWhen(string.IsNullOrEmpty(checkout), "HRNET_ORIGINAL names no checkout of the original project");
        using StreamReader file = File.OpenText(Path.Combine(checkout, "experiments", $"cls_hrnet_{name}_sgd_lr5e-2_wd1e-4_bs32_x100.yaml"));

        AssertRecipe(HrNetVariant.Parse(name), ExperimentConfig.Read(file, name));
    }

    [Fact]
    public void Read_SaysWhatHasNoEffect_AndWhichDefaultsStandIn()
    {
        IReadOnlyList<string> remarks = Read(W18).Remarks;

        Assert.Contains(remarks, remark => remark.StartsWith("No effect: WORKERS (a worker decodes", StringComparison.Ordinal));
        Assert.Contains(remarks, remark => remark.StartsWith("No effect: DATA_DIR, DATASET.DATASET, DATASET.DATA_FORMAT, DATASET.ROOT", StringComparison.Ordinal));
        Assert.Contains("Not given, so as the original has it: MODEL.NUM_CLASSES 1000.", remarks);
        Assert.DoesNotContain(remarks, remark => remark.Contains("TRAIN.LR,", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("TRAIN.LR=1e-2", 0.01)]
    [InlineData("TRAIN.LR = 1", 1.0)]
    public void Read_PutsOverridesOverTheFile(string given, double expected) => Assert.Equal(expected, Read(W18, given).LearningRate);

    [Theory]
    [InlineData("TRAIN.LR_STEP=[20, 50]", new[] { 20, 50 })]
    [InlineData("TRAIN.LR_STEP=(20,50)", new[] { 20, 50 })]
    [InlineData("TRAIN.LR_STEP=20,50", new[] { 20, 50 })]
    [InlineData("TRAIN.LR_STEP=[20]", new[] { 20 })]
    [InlineData("TRAIN.LR_STEP=()", new int[0])]
    [InlineData("TRAIN.LR_STEP=40", new[] { 40, 80 })]
    [InlineData("TRAIN.LR_STEP=50", new[] { 50 })]     // 100 is no epoch any more
    [InlineData("TRAIN.LR_STEP=100", new int[0])]
    public void Read_TakesStepsAsAListOrAPeriod(string given, int[] expected) => Assert.Equal(expected, Read(W18, given).LearningRateMilestones);

    [Fact]
    public void Read_MovesTheScheduleToTheFirstEpochThatIsTrained()
    {
        ExperimentConfig config = Read(W18, "TRAIN.BEGIN_EPOCH=40");

        Assert.Equal(60, config.EpochCount);
        Assert.Equal([-10, 20, 50], config.LearningRateMilestones);
    }

    [Theory]
    [InlineData("GPUS=(0,1,2,3,4,5,6,7)", 256)]
    [InlineData("GPUS=(0)", 32)]
    [InlineData("GPUS=[1]", 32)]
    [InlineData("TRAIN.BATCH_SIZE_PER_GPU=8", 32)]
    public void Read_MultipliesTheBatchByTheGpus(string given, int expected) => Assert.Equal(expected, Read(W18, given).BatchSize);

    [Fact]
    public void Read_TakesWidthsAndDepthsBeyondTheNine()
    {
        using StreamReader file = File.OpenText(Path.Combine(AppContext.BaseDirectory, "Goldens", "custom.yaml"));

        var config = ExperimentConfig.Read(file, "custom.yaml");

        Assert.Equal(
            new HrNetArchitecture(
                new HrNetStage1(2, 24), new HrNetStage(2, [1, 2], [12, 20]), new HrNetStage(1, [2, 1, 1], [12, 28, 40]), new HrNetStage(1, [1, 1, 2, 1], [12, 28, 48, 56])),
            config.Architecture);
        Assert.Equal((96, 32), (config.ImageSize, config.BatchSize));
        Assert.Equal((0.001, false, 140), (config.LearningRate, config.Nesterov, config.EpochCount)); // the original's defaults
        Assert.Equal([90, 110], config.LearningRateMilestones);
    }

    [Fact]
    public void Read_AcceptsUnknownKeysWhereTheOriginalDoes_ButSaysSo()
    {
        ExperimentConfig config = Read(W18.Replace("  EXTRA:\n", "  EXTRA:\n    WITH_HEADS: true\n", StringComparison.Ordinal));

        Assert.Contains("test.yaml:14: MODEL.EXTRA.WITH_HEADS is unknown and has no effect; did you mean MODEL.EXTRA.WITH_HEAD?", config.Remarks);
    }

    [Fact]
    public void Read_ListsEveryFault_WithItsLine()
    {
        string text = W18
            .Replace("WORKERS: 4", "WORKRES: 4", StringComparison.Ordinal)
            .Replace("  LR: 0.05", "  LR: fast", StringComparison.Ordinal)
            .Replace("OPTIMIZER: sgd", "OPTIMIZER: lion", StringComparison.Ordinal);

        IReadOnlyList<string> faults = Assert.Throws<ExperimentException>(() => Read(text, "MODEL.IMAGE_SIZE=[200,200]", "TRAIN.EPOCHS=3")).Faults;

        Assert.Equal(
            [
                "test.yaml:5: WORKRES is unknown, to the original too; did you mean WORKERS?",
                "'TRAIN.EPOCHS=3': TRAIN.EPOCHS is unknown, to the original too; a train job follows TRAIN.{BATCH_SIZE_PER_GPU, BEGIN_EPOCH, END_EPOCH, OPTIMIZER, LR, LR_STEP, LR_FACTOR, MOMENTUM, NESTEROV, WD, RMSPROP_ALPHA, RMSPROP_CENTERED}",
                "'MODEL.IMAGE_SIZE=[200,200]': MODEL.IMAGE_SIZE is 200: a multiple of 32 up to 2048 is needed, because the lowest branch works at 1/32",
                "test.yaml:85: TRAIN.OPTIMIZER is lion: sgd, adam or rmsprop is needed",
                "test.yaml:86: TRAIN.LR is fast: a number from 0.000000001 to 1000 is needed",
            ],
            faults);
    }

    [Theory]
    [InlineData("MODEL.NAME=cls_resnet", "MODEL.NAME is cls_resnet: cls_hrnet is the only network there is")]
    [InlineData("TRAIN.NESTEROV=maybe", "TRAIN.NESTEROV is maybe: true or false is needed")]
    [InlineData("TRAIN.END_EPOCH=1.5", "TRAIN.END_EPOCH is 1.5: a whole number from 1 to 100000 is needed")]
    [InlineData("TRAIN.END_EPOCH=", "TRAIN.END_EPOCH is empty: a whole number")]
    [InlineData("TRAIN.BEGIN_EPOCH=100", "TRAIN.BEGIN_EPOCH is 100, which leaves no epoch before TRAIN.END_EPOCH, 100")]
    [InlineData("TRAIN.LR_STEP=[60,30]", "TRAIN.LR_STEP is [60, 30]: its epochs must increase")]
    [InlineData("TRAIN.LR_STEP=0", "TRAIN.LR_STEP is 0: at least one epoch")]
    [InlineData("TRAIN.LR_STEP=[a]", "TRAIN.LR_STEP is [a]: a list of epochs")]
    [InlineData("GPUS=()", "GPUS names no GPU")]
    [InlineData("TRAIN.BATCH_SIZE_PER_GPU=60000", "makes a batch of more than 65,536 images")]
    [InlineData("MODEL.EXTRA.STAGE2.NUM_CHANNELS=[18,36,72]", "MODEL.EXTRA.STAGE2.NUM_CHANNELS is [18,36,72]: a list of 2 whole numbers, one for each branch is needed")]
    [InlineData("MODEL.EXTRA.STAGE3.NUM_BRANCHES=4", "MODEL.EXTRA.STAGE3.NUM_BRANCHES must be 3")]
    [InlineData("MODEL.EXTRA.STAGE4.BLOCK=BOTTLENECK", "MODEL.EXTRA.STAGE4.BLOCK is BOTTLENECK: BASIC is the only kind of block")]
    [InlineData("MODEL.EXTRA.STAGE4.NUM_MODULES=1000", "MODEL.EXTRA: stage4: moduleCount must lie between 1 and 256, this is 1000")]
    [InlineData("TRAIN=3", "TRAIN is a section with keys of its own")]
    [InlineData("train.lr=3", "train.lr is unknown, to the original too; did you mean TRAIN.LR?")]
    [InlineData("COMPLETELY.ELSEWHERE=3", "COMPLETELY.ELSEWHERE is unknown, to the original too; take it out")]
    [InlineData("TRAIN.LR", "'TRAIN.LR': an override is KEY=VALUE, such as TRAIN.LR=0.1")]
    public void Read_RefusesWhatCannotBeFollowed(string given, string expected)
    {
        string fault = Assert.Single(Assert.Throws<ExperimentException>(() => Read(W18, given)).Faults);

        Assert.Contains(expected, fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TakesTheOriginalsDefaultOptimizer_AndSaysSo()
    {
        ExperimentConfig config = Read(W18.Replace("  OPTIMIZER: sgd\n", "", StringComparison.Ordinal));

        Assert.Equal(OptimizerKind.Adam, config.Optimizer);
        Assert.Contains(config.Remarks, remark => remark.StartsWith("Not given", StringComparison.Ordinal) && remark.Contains("TRAIN.OPTIMIZER adam", StringComparison.Ordinal));
    }

    [Fact]
    public void Read_GivesAdamNoWeightDecay_AsTheOriginal()
    {
        ExperimentConfig config = Read(W18, "TRAIN.OPTIMIZER=adam");

        Assert.Equal((OptimizerKind.Adam, 0), (config.Optimizer, config.WeightDecay));
        Assert.Contains("No effect: TRAIN.MOMENTUM, TRAIN.NESTEROV, TRAIN.WD (the original gives adam none of them).", config.Remarks);
    }

    [Fact]
    public void Read_FollowsTheKeysOfRmsprop_ForRmspropOnly()
    {
        string[] keys = ["TRAIN.RMSPROP_ALPHA=0.9", "TRAIN.RMSPROP_CENTERED=True"];

        ExperimentConfig rmsprop = Read(W18, ["TRAIN.OPTIMIZER=rmsprop", .. keys]), plain = Read(W18, "TRAIN.OPTIMIZER=rmsprop");

        Assert.Equal((OptimizerKind.Rmsprop, 0.9, true, 0.9, 1e-4), (rmsprop.Optimizer, rmsprop.RmspropAlpha, rmsprop.RmspropCentered, rmsprop.Momentum, rmsprop.WeightDecay));
        Assert.Equal((0.99, false), (plain.RmspropAlpha, plain.RmspropCentered));
        Assert.Contains("No effect: TRAIN.NESTEROV (for sgd only).", rmsprop.Remarks);
        Assert.Contains("No effect: TRAIN.RMSPROP_ALPHA, TRAIN.RMSPROP_CENTERED (for rmsprop only).", Read(W18, keys).Remarks);
    }

    [Fact]
    public void Read_NamesTheStagesThatAreMissing()
    {
        IReadOnlyList<string> faults = Assert.Throws<ExperimentException>(() => Read("TRAIN:\n  OPTIMIZER: sgd\n")).Faults;

        Assert.Equal("test.yaml: MODEL.EXTRA.STAGE1 lacks NUM_BLOCKS, NUM_CHANNELS, which the original needs too: they say what the network is made of", faults[0]);
        Assert.Equal(4, faults.Count);
    }

    [Theory]
    [InlineData("", "one mapping of keys to values is needed")]
    [InlineData("- 1\n- 2\n", "one mapping of keys to values is needed")]
    [InlineData("TRAIN:\n  LR: 1\n  LR: 2\n", "test.yaml:3: this is no YAML, here or just below: Duplicate key")]
    [InlineData("TRAIN:\n\tLR: 1\n", "test.yaml:1: this is no YAML, here or just below: While scanning a mapping, found invalid tab")]
    [InlineData("TRAIN: {LR: [1\n", "this is no YAML")]
    [InlineData("? [a, b]\n: 3\n", "test.yaml:1: a key must be a text")]
    [InlineData("a: &a {b: *a}\n", "test.yaml:1: repeats a part of the file by an alias, *a, which a configuration may not")]
    [InlineData("a: &a [*a]\n", "test.yaml:1: repeats a part of the file by an alias, *a")]
    [InlineData("? &k [*k]\n: 1\n", "test.yaml:1: repeats a part of the file by an alias, *k")]
    [InlineData("A: 1\nB: *nowhere\n", "test.yaml:2: repeats a part of the file by an alias, *nowhere")]
    public void Read_SaysWhereAFileIsNoConfiguration(string text, string expected)
    {
        string message = Assert.Throws<ExperimentException>(() => Read(text)).Message;

        Assert.True(message.Contains(expected, StringComparison.Ordinal), message);
    }

    [Theory]
    [InlineData("[")]
    [InlineData("{a: ")]
    [InlineData("- ")]
    public void Read_BoundsNesting(string opening)
    {
        string text = string.Concat(Enumerable.Repeat(opening, 100_000 / opening.Length));

        Assert.Contains("test.yaml:1: nests too deep", Assert.Single(Assert.Throws<ExperimentException>(() => Read(text)).Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_RefusesAliasesOfAliases()
    {
        string text = "l0: &l0 {a: 1, b: 2}\n" + string.Concat(Enumerable.Range(1, 12).Select(i =>
            $"l{i}: &l{i} {{{string.Join(", ", Enumerable.Range(0, 9).Select(j => $"k{j}: *l{i - 1}"))}}}\n"));

        Assert.Contains("test.yaml:2: repeats a part of the file by an alias, *l0", Assert.Throws<ExperimentException>(() => Read(text)).Faults[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ListsFiftyFaults_AndCountsTheOthers()
    {
        var error = Assert.Throws<ExperimentException>(() => Read(string.Concat(Enumerable.Range(0, 5000).Select(i => $"SOLVER_{i}: {i}\n"))));

        Assert.Equal(51, error.Faults.Count);
        Assert.Matches("^and [0-9]+ more$", error.Faults[^1]);
        Assert.InRange(error.Message.Length, 1000, 20_000);
    }

    [Fact]
    public void Read_WritesControlCharactersOut() =>
        Assert.DoesNotContain('\u001b', Assert.Throws<ExperimentException>(() => Read("\"\\e[2J\": 1\nTRAIN: {OPTIMIZER: \"\\e[31m\"}\n")).Message);

    private static ExperimentConfig Read(string text, params string[] overrides) => ExperimentConfig.Read(new StringReader(text), "test.yaml", overrides);

    private static void AssertRecipe(HrNetVariant variant, ExperimentConfig config)
    {
        Assert.Equal(variant, HrNetVariant.Of(config.Architecture));
        Assert.Equal((1000, 224, 4, 32, 128), (config.ClassCount, config.ImageSize, config.GpuCount, config.BatchSizePerGpu, config.BatchSize));
        Assert.Equal((100, 0.05, 0.1), (config.EpochCount, config.LearningRate, config.LearningRateFactor));
        Assert.Equal([30, 60, 90], config.LearningRateMilestones);
        Assert.Equal((0.9, true, 1e-4, 1000), (config.Momentum, config.Nesterov, config.WeightDecay, config.PrintInterval));
        Assert.DoesNotContain(config.Remarks, remark => remark.Contains("unknown", StringComparison.Ordinal));
    }
}
