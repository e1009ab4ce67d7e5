namespace HrNetBatch.Model.Configuration;

/// <summary>A key that the original's configurations may have.</summary>
/// <param name="Name">All of its name: <c>TRAIN.LR</c>.</param>
/// <param name="IsHonoured">Whether a train job follows it.</param>
/// <param name="Effect">As what it is honoured, or why it has no effect.</param>
public sealed record ExperimentKey(string Name, bool IsHonoured, string Effect);

/// <summary>Every key of the original's lib/config, and those of its experiments that it has no default for.</summary>
public static class ExperimentKeys
{
    /// <summary>Below this the original accepts any key, so that one unknown to it is no mistake.</summary>
    internal const string Open = "MODEL.EXTRA.";

    private const string Job = "a job's own places: `--output` for checkpoints, the ledger for logs and curves";
    private const string Data = "data are the job's `--data` and `--validation-data`";
    private const string Cuda = "chosen by libtorch";
    private const string Unread = "the original does not read it";
    private const string Pose = "a leftover of pose estimation, which the original's classification does not read";

    /// <summary>All of them, in the order of the documentation.</summary>
    public static IReadOnlyList<ExperimentKey> All { get; } =
    [
        Honoured("MODEL.NAME", "must be `cls_hrnet`"),
        Honoured("MODEL.IMAGE_SIZE", "`imageSize`: its first number, as in the original; a multiple of 32"),
        Honoured("MODEL.NUM_CLASSES", "`classCount`; the original does not read it and always has 1,000 classes"),
        Honoured("MODEL.EXTRA.STAGE1.BLOCK", "must be `BOTTLENECK`"),
        Honoured("MODEL.EXTRA.STAGE1.NUM_BLOCKS", "`variant` where all numbers are those of a published network, else `architecture`"),
        Honoured("MODEL.EXTRA.STAGE1.NUM_CHANNELS", "as NUM_BLOCKS"),
        .. Stages("NUM_MODULES", "`variant` or `architecture`"),
        .. Stages("NUM_BRANCHES", "must be the stage's number: 2, 3, 4"),
        .. Stages("BLOCK", "must be `BASIC`"),
        .. Stages("NUM_BLOCKS", "`variant` or `architecture`; one number for each branch"),
        .. Stages("NUM_CHANNELS", "`variant` or `architecture`; one number for each branch"),
        Honoured("GPUS", "their number times TRAIN.BATCH_SIZE_PER_GPU is `batchSize`; on which device a job runs is the worker's affair"),
        Honoured("TRAIN.BATCH_SIZE_PER_GPU", "`batchSize`, times the number of GPUS; where there are several, also `microBatchSize`: batch norms see one GPU's part, as in the original"),
        Honoured("TRAIN.BEGIN_EPOCH", "`epochCount` is END_EPOCH less this, with the learning rates of the epochs that remain"),
        Honoured("TRAIN.END_EPOCH", "`epochCount`"),
        Honoured("TRAIN.OPTIMIZER", "`optimizer`: `sgd`, `adam` or `rmsprop`; adam, as in the original, where it is not given"),
        Honoured("TRAIN.LR", "`learningRate`"),
        Honoured("TRAIN.LR_STEP", "`learningRateMilestones`; one integer N means every N epochs"),
        Honoured("TRAIN.LR_FACTOR", "`learningRateFactor`"),
        Honoured("TRAIN.MOMENTUM", "`momentum` of sgd and rmsprop; the original gives adam none"),
        Honoured("TRAIN.NESTEROV", "`nesterov` of sgd"),
        Honoured("TRAIN.WD", "`weightDecay` of sgd and rmsprop; the original gives adam none"),
        Honoured("TRAIN.RMSPROP_ALPHA", "`rmspropAlpha` of rmsprop; 0.99 where it is not given"),
        Honoured("TRAIN.RMSPROP_CENTERED", "`rmspropCentered` of rmsprop; false where it is not given"),
        Honoured("PRINT_FREQ", "`metricsInterval`: steps between two points of the curves"),

        Ignored("TRAIN.SHUFFLE", "samples are always shuffled, as in the original, which does not read it"),
        Ignored("TRAIN.RESUME", "an attempt always goes on from its job's checkpoint; `--initial-checkpoint` starts a job from other weights"),
        Ignored("TRAIN.CHECKPOINT", "`--initial-checkpoint` starts from other weights; the original does not read it"),
        Ignored("AUTO_RESUME", "an attempt always goes on from its job's checkpoint; the original does not read it"),
        Ignored("MODEL.PRETRAINED", "`--initial-checkpoint` starts from other weights; the original does not read it"),
        Ignored("MODEL.INIT_WEIGHTS", "weights are always initialised, as in the original, which does not read it"),
        Ignored("TRAIN.GAMMA1", Unread), Ignored("TRAIN.GAMMA2", Unread),
        Ignored("WORKERS", "a worker decodes with all the cores that it may use"),
        Ignored("PIN_MEMORY", Unread), Ignored("RANK", Unread),
        Ignored("OUTPUT_DIR", Job), Ignored("LOG_DIR", Job),
        Ignored("DATA_DIR", Data), Ignored("DATASET.DATASET", Data), Ignored("DATASET.ROOT", Data), Ignored("DATASET.TRAIN_SET", Data),
        Ignored("DATASET.TEST_SET", Data), Ignored("DATASET.DATA_FORMAT", Data), Ignored("DATASET.SELECT_DATA", Unread),
        Ignored("DATASET.FLIP", "half the images are mirrored, as in the original, which does not read it; `--horizontal-flip false` mirrors none"),
        Ignored("TEST.BATCH_SIZE_PER_GPU", "validation takes the batches of training; its results do not depend on them"),
        Ignored("TEST.MODEL_FILE", "for the original's tools/valid.py; here `hrnet validate --checkpoint`"),
        Ignored("CUDNN.BENCHMARK", Cuda), Ignored("CUDNN.DETERMINISTIC", Cuda), Ignored("CUDNN.ENABLED", Cuda),
        Ignored("MODEL.EXTRA.WITH_HEAD", "the head is always there, as in the original, which does not read it"),
        Ignored("MODEL.EXTRA.STEM_INPLANES", "always 64, as in the original, which does not read it"),
        Ignored("MODEL.EXTRA.FINAL_CONV_KERNEL", "always 1, as in the original, which does not read it"),
        Ignored("MODEL.EXTRA.PRETRAINED_LAYERS", Unread),
        Ignored("MODEL.EXTRA.STAGE1.NUM_MODULES", "stage 1 has one, whatever this says, as in the original"),
        Ignored("MODEL.EXTRA.STAGE1.NUM_RANCHES", "stage 1 has one branch; NUM_BRANCHES misspelt, as in all of the original's files"),
        Ignored("MODEL.EXTRA.STAGE1.NUM_BRANCHES", "stage 1 has one branch, whatever this says, as in the original"),
        .. Enumerable.Range(1, 4).Select(stage => Ignored($"MODEL.EXTRA.STAGE{stage}.FUSE_METHOD", "branches are always summed, as in the original, whatever this says")),
        .. Of("MODEL.", Pose, "NUM_JOINTS", "TAG_PER_JOINT", "TARGET_TYPE", "HEATMAP_SIZE", "SIGMA"),
        .. Of("DATASET.", Pose, "HYBRID_JOINTS_TYPE", "SCALE_FACTOR", "ROT_FACTOR", "PROB_HALF_BODY", "NUM_JOINTS_HALF_BODY", "COLOR_RGB"),
        .. Of("LOSS.", Pose, "USE_OHKM", "TOPK", "USE_TARGET_WEIGHT", "USE_DIFFERENT_JOINTS_WEIGHT"),
        .. Of("TEST.", Pose, "FLIP_TEST", "POST_PROCESS", "SHIFT_HEATMAP", "USE_GT_BBOX", "IMAGE_THRE", "NMS_THRE", "SOFT_NMS", "OKS_THRE", "IN_VIS_THRE", "COCO_BBOX_FILE", "BBOX_THRE"),
        .. Of("DEBUG.", Unread, "DEBUG", "SAVE_BATCH_IMAGES_GT", "SAVE_BATCH_IMAGES_PRED", "SAVE_HEATMAPS_GT", "SAVE_HEATMAPS_PRED"),
    ];

    private static readonly Dictionary<string, ExperimentKey> ByName = All.ToDictionary(key => key.Name, StringComparer.Ordinal);

    /// <summary>The key of this name; null where the original has none.</summary>
    internal static ExperimentKey? Find(string name) => ByName.GetValueOrDefault(name);

    /// <summary>Whether keys begin with this name: it is a section.</summary>
    internal static bool IsSection(string name) => All.Any(key => key.Name.StartsWith(name + ".", StringComparison.Ordinal));

    private static ExperimentKey Honoured(string name, string what) => new(name, true, what);

    private static ExperimentKey Ignored(string name, string why) => new(name, false, why);

    private static IEnumerable<ExperimentKey> Stages(string name, string what) => Enumerable.Range(2, 3).Select(stage => Honoured($"MODEL.EXTRA.STAGE{stage}.{name}", what));

    private static IEnumerable<ExperimentKey> Of(string section, string why, params string[] names) => names.Select(name => Ignored(section + name, why));
}
