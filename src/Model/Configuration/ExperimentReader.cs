using System.Globalization;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Training;

namespace HrNetBatch.Model.Configuration;

/// <summary>Makes an <see cref="ExperimentConfig"/> of a file: unknown keys first, then the network, then the recipe.</summary>
internal sealed class ExperimentReader(string name)
{
    private readonly List<string> _faults = [], _defaults = [], _unknown = [];

    /// <exception cref="ExperimentException">Lists every fault.</exception>
    public ExperimentConfig Read(TextReader yaml, IReadOnlyList<string> overrides)
    {
        IReadOnlyDictionary<string, Setting> settings = new SettingsFile(name, _faults).Read(yaml, overrides);
        foreach (Setting setting in settings.Values.Where(setting => ExperimentKeys.Find(setting.Key) is null))
            Unknown(setting);
        if (settings.Count == 0)
            throw new ExperimentException(name, _faults);

        // In the order of the table in docs/configuration.md; the defaults are the original's.
        var reader = new SettingsReader(settings, _faults, _defaults);
        Must(reader, "MODEL.NAME", "cls_hrnet", "cls_hrnet", "is the only network there is");
        int imageSize = ImageSize(reader);
        int classCount = reader.Integer("MODEL.NUM_CLASSES", 1000, 2, 1_000_000);
        HrNetArchitecture architecture = Architecture(reader);
        (int gpuCount, int perGpu) = Batch(reader);
        int begin = reader.Integer("TRAIN.BEGIN_EPOCH", 0, 0, 100_000);
        int end = reader.Integer("TRAIN.END_EPOCH", 140, 1, 100_000);
        if (begin >= end)
            reader.Refuse("TRAIN.BEGIN_EPOCH", $"is {begin}, which leaves no epoch before TRAIN.END_EPOCH, {end}");
        OptimizerKind optimizer = Optimizer(reader);
        var config = new ExperimentConfig
        {
            Name = name,
            Architecture = architecture,
            ClassCount = classCount,
            ImageSize = imageSize,
            GpuCount = gpuCount,
            BatchSizePerGpu = perGpu,
            EpochCount = end - begin,
            Optimizer = optimizer,
            LearningRate = reader.Number("TRAIN.LR", 0.001, 1e-9, 1e3),
            LearningRateMilestones = [.. Milestones(reader, end).Select(epoch => epoch - begin)],
            LearningRateFactor = reader.Number("TRAIN.LR_FACTOR", 0.1, 1e-6, 1),
            Momentum = optimizer == OptimizerKind.Adam ? 0 : reader.Number("TRAIN.MOMENTUM", 0.9, 0, 1),
            Nesterov = optimizer == OptimizerKind.Sgd && reader.Truth("TRAIN.NESTEROV", false),
            WeightDecay = optimizer == OptimizerKind.Adam ? 0 : reader.Number("TRAIN.WD", 1e-4, 0, 1),
            RmspropAlpha = optimizer == OptimizerKind.Rmsprop ? reader.Number("TRAIN.RMSPROP_ALPHA", ExperimentConfig.DefaultRmspropAlpha, 0, 1 - 1e-9) : ExperimentConfig.DefaultRmspropAlpha,
            RmspropCentered = optimizer == OptimizerKind.Rmsprop && reader.Truth("TRAIN.RMSPROP_CENTERED", false),
            PrintInterval = reader.Integer("PRINT_FREQ", 20, 1, 100_000),
            Remarks = [],
        };
        return _faults.Count == 0 ? config with { Remarks = Remarks(settings, optimizer) } : throw new ExperimentException(name, _faults);
    }

    private void Unknown(Setting setting)
    {
        if (ExperimentKeys.IsSection(setting.Key))
        {
            if (setting.Value is not null)
                _faults.Add($"{setting.Place}: {setting.Key} is a section with keys of its own, not a value");
            return;
        }
        // Of ten thousand unknown keys nobody mistyped each, and to compare them all with all takes a minute.
        string? nearest = _faults.Count + _unknown.Count > ExperimentException.MaximumFaultCount ? null : Spelling.Nearest(setting.Key, ExperimentKeys.All.Select(key => key.Name));
        string hint = nearest is null ? Followed(setting.Key) : $"; did you mean {nearest}?";
        if (setting.Key.StartsWith(ExperimentKeys.Open, StringComparison.Ordinal))
            _unknown.Add($"{setting.Place}: {setting.Key} is unknown and has no effect{hint}");
        else
            _faults.Add($"{setting.Place}: {setting.Key} is unknown, to the original too{hint}");
    }

    // What its section has, for those who know what they want but not its name.
    private static string Followed(string key)
    {
        string section = key[..(key.LastIndexOf('.') + 1)];
        string[] names = [.. ExperimentKeys.All
            .Where(known => known.IsHonoured && section.Length > 0 && known.Name.StartsWith(section, StringComparison.Ordinal)).Select(known => known.Name[section.Length..])];
        return names.Length == 0 ? "; take it out" : $"; a train job follows {section}{{{string.Join(", ", names)}}}";
    }

    private static void Must(SettingsReader reader, string key, string fallback, string right, string why)
    {
        string value = reader.Text(key, fallback);
        if (value != right)
            reader.Refuse(key, reader.Find(key) is null ? $"is not given, and the original then takes {value}: {right} {why}" : $"is {value}: {right} {why}");
    }

    private static int ImageSize(SettingsReader reader)
    {
        (IReadOnlyList<int> sizes, int? single) = reader.Integers("MODEL.IMAGE_SIZE", [256, 256], "two whole numbers, width and height, such as [224, 224]");
        int size = single ?? First(sizes);
        if (size is < HrNet.SizeMultiple or > 2048 || size % HrNet.SizeMultiple != 0)
            reader.Refuse("MODEL.IMAGE_SIZE", $"is {size}: a multiple of {HrNet.SizeMultiple} up to 2048 is needed, because the lowest branch works at 1/{HrNet.SizeMultiple}");
        return size;
    }

    private (int GpuCount, int PerGpu) Batch(SettingsReader reader)
    {
        // (0) is the number 0 to Python, and means one GPU.
        (IReadOnlyList<int> gpus, int? single) = reader.Integers("GPUS", [0], "a tuple of GPU numbers, such as (0,1,2,3)");
        int perGpu = reader.Integer("TRAIN.BATCH_SIZE_PER_GPU", 32, 1, 65_536);
        int count = single is null ? gpus.Count : 1;
        if (count == 0)
            reader.Refuse("GPUS", "names no GPU, but their number times TRAIN.BATCH_SIZE_PER_GPU is the batch: say how many, such as (0,)");
        else if ((long)count * perGpu > 65_536)
            reader.Refuse("TRAIN.BATCH_SIZE_PER_GPU", $"times {count} GPUS makes a batch of more than 65,536 images");
        return (count, perGpu);
    }

    private static OptimizerKind Optimizer(SettingsReader reader)
    {
        switch (reader.Text("TRAIN.OPTIMIZER", "adam"))
        {
            case "sgd": return OptimizerKind.Sgd;
            case "adam": return OptimizerKind.Adam;
            case "rmsprop": return OptimizerKind.Rmsprop;
            case var other:
                reader.Refuse("TRAIN.OPTIMIZER", $"is {other}: sgd, adam or rmsprop is needed");
                return OptimizerKind.Sgd;
        }
    }

    // Keys that the original follows for other optimizers than this.
    private static (string Why, string[] Keys)[] Idle(OptimizerKind optimizer) => optimizer switch
    {
        OptimizerKind.Sgd => [("for rmsprop only", ["TRAIN.RMSPROP_ALPHA", "TRAIN.RMSPROP_CENTERED"])],
        OptimizerKind.Rmsprop => [("for sgd only", ["TRAIN.NESTEROV"])],
        _ =>
        [
            ("the original gives adam none of them", ["TRAIN.MOMENTUM", "TRAIN.NESTEROV", "TRAIN.WD"]),
            ("for rmsprop only", ["TRAIN.RMSPROP_ALPHA", "TRAIN.RMSPROP_CENTERED"]),
        ],
    };

    private static IEnumerable<int> Milestones(SettingsReader reader, int end)
    {
        (IReadOnlyList<int> epochs, int? every) = reader.Integers("TRAIN.LR_STEP", [90, 110], "a list of epochs, such as [30, 60, 90], or one number of epochs");
        if (every == 0)
            reader.Refuse("TRAIN.LR_STEP", "is 0: at least one epoch must lie between two steps");
        if (every > 0)
            return Enumerable.Range(1, (end - 1) / every.Value).Select(step => step * every.Value);
        if (epochs.Zip(epochs.Skip(1)).Any(pair => pair.First >= pair.Second))
            reader.Refuse("TRAIN.LR_STEP", $"is [{string.Join(", ", epochs)}]: its epochs must increase");
        return epochs;
    }

    private HrNetArchitecture Architecture(SettingsReader reader)
    {
        int faultCount = _faults.Count;
        HrNetStage first = Stage(reader, 1);
        var architecture = new HrNetArchitecture(
            new HrNetStage1(First(first.BlockCounts), First(first.Widths)), Stage(reader, 2), Stage(reader, 3), Stage(reader, 4));
        if (_faults.Count == faultCount)
            _faults.AddRange(architecture.Faults().Select(fault => $"{name}: MODEL.EXTRA: {fault}"));
        return architecture;
    }

    private HrNetStage Stage(SettingsReader reader, int stage)
    {
        string section = $"MODEL.EXTRA.STAGE{stage}";
        string[] needed = stage == 1 ? ["NUM_BLOCKS", "NUM_CHANNELS"] : ["NUM_MODULES", "NUM_BLOCKS", "NUM_CHANNELS"];
        string[] missing = [.. needed.Where(key => reader.Find($"{section}.{key}") is null)];
        if (missing.Length > 0)
        {
            _faults.Add($"{name}: {section} lacks {string.Join(", ", missing)}, which the original needs too: they say what the network is made of");
            return new HrNetStage(1, [], []);
        }

        string block = stage == 1 ? "BOTTLENECK" : "BASIC";
        if (reader.Find($"{section}.BLOCK") is not null)
            Must(reader, $"{section}.BLOCK", block, block, "is the only kind of block that this stage may have");
        if (stage > 1 && reader.Find($"{section}.NUM_BRANCHES") is not null && reader.Integer($"{section}.NUM_BRANCHES", stage, 1, int.MaxValue) != stage)
            reader.Refuse($"{section}.NUM_BRANCHES", $"must be {stage}: HRNet adds one branch in each stage");
        int moduleCount = stage == 1 ? 1 : reader.Integer($"{section}.NUM_MODULES", 1, 1, int.MaxValue);
        return new HrNetStage(moduleCount, Branches("NUM_BLOCKS"), Branches("NUM_CHANNELS"));

        IReadOnlyList<int> Branches(string key)
        {
            string expected = stage == 1 ? "one whole number in a list, such as [4]" : $"a list of {stage} whole numbers, one for each branch";
            int faultCount = _faults.Count;
            (IReadOnlyList<int> numbers, int? single) = reader.Integers($"{section}.{key}", [], expected);
            if (_faults.Count == faultCount && (single is not null || numbers.Count != stage))
                reader.Refuse($"{section}.{key}", $"is {reader.Find($"{section}.{key}")!.Text}: {expected} is needed");
            return numbers;
        }
    }

    private static int First(IReadOnlyList<int> numbers) => numbers is [var first, ..] ? first : 0;

    private List<string> Remarks(IReadOnlyDictionary<string, Setting> settings, OptimizerKind optimizer)
    {
        List<string> remarks = [.. _unknown];
        if (_defaults.Count > 0)
            remarks.Add($"Not given, so as the original has it: {string.Join(", ", _defaults)}.");
        remarks.AddRange(settings.Keys
            .Select(ExperimentKeys.Find).OfType<ExperimentKey>().Where(key => !key.IsHonoured)
            .GroupBy(key => key.Effect)
            .Select(group => string.Create(CultureInfo.InvariantCulture, $"No effect: {string.Join(", ", group.Select(key => key.Name))} ({group.Key}).")));
        remarks.AddRange(
            from idle in Idle(optimizer)
            let keys = idle.Keys.Where(settings.ContainsKey).ToArray()
            where keys.Length > 0
            select $"No effect: {string.Join(", ", keys)} ({idle.Why}).");
        return remarks;
    }
}
