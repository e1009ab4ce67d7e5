using System.Globalization;
using System.Text;
using HrNetBatch.Model.Architecture;

namespace HrNetBatch.Model.Tests.Configuration;

/// <summary>
/// Configurations in the form of the original's nine, traps included: the two small ones have CRLF and WITH_HEAD, the second reads zip
/// files, and all misspell NUM_BRANCHES in stage 1 and write GPUS as Python does.
/// </summary>
internal static class ExperimentFiles
{
    /// <summary>The file of a variant.</summary>
    public static string Of(HrNetVariant variant)
    {
        HrNetArchitecture network = variant.Architecture;
        bool isSmall = variant.Name.Contains("small", StringComparison.Ordinal);
        string[] stages =
        [
            Stage(1, 1, "BOTTLENECK", [network.Stage1.BlockCount], [network.Stage1.Width]),
            .. network.BranchStages.Select((stage, i) => Stage(i + 2, stage.ModuleCount, "BASIC", stage.BlockCounts, stage.Widths)),
        ];
        string text = $"""
            GPUS: (0,1,2,3)
            OUTPUT_DIR: 'output/'
            LOG_DIR: 'log/'
            DATA_DIR: ''
            WORKERS: 4
            PRINT_FREQ: 1000

            MODEL:{' '}
              NAME: cls_hrnet
              IMAGE_SIZE:{' '}
                - 224
                - 224
              EXTRA:
            {(isSmall ? "    WITH_HEAD: true\n" : "")}{string.Concat(stages)}CUDNN:
              BENCHMARK: true
              DETERMINISTIC: false
              ENABLED: true
            DATASET:
              DATASET: 'imagenet'
              DATA_FORMAT: '{(variant.Name == "w18_small_v2" ? "zip" : "jpg")}'
              ROOT: 'data/imagenet/'
              TEST_SET: 'val'
              TRAIN_SET: 'train'
            TEST:
              BATCH_SIZE_PER_GPU: 32
              MODEL_FILE: ''
            TRAIN:
              BATCH_SIZE_PER_GPU: 32
              BEGIN_EPOCH: 0
              END_EPOCH: 100
              RESUME: true
              LR_FACTOR: 0.1
              LR_STEP:
              - 30
              - 60
              - 90
              OPTIMIZER: sgd
              LR: 0.05
              WD: 0.0001
              MOMENTUM: 0.9
              NESTEROV: true
              SHUFFLE: true
            DEBUG:
              DEBUG: false

            """;
        return isSmall ? text.ReplaceLineEndings("\r\n") : text.ReplaceLineEndings("\n");
    }

    private static string Stage(int number, int moduleCount, string block, IReadOnlyList<int> blockCounts, IReadOnlyList<int> widths)
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        var text = new StringBuilder();
        text.Append(culture, $"    STAGE{number}:\n      NUM_MODULES: {moduleCount}\n      NUM_{(number == 1 ? "RANCHES" : "BRANCHES")}: {number}\n      BLOCK: {block}\n");
        text.Append("      NUM_BLOCKS:\n").AppendJoin("", blockCounts.Select(count => string.Create(culture, $"      - {count}\n")));
        text.Append("      NUM_CHANNELS:\n").AppendJoin("", widths.Select(width => string.Create(culture, $"      - {width}\n")));
        return text.Append("      FUSE_METHOD: SUM\n").ToString();
    }
}
