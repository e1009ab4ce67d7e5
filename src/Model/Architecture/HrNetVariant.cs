namespace HrNetBatch.Model.Architecture;

/// <summary>A published network of the family: its names, its architecture and its size.</summary>
/// <param name="Name">Our name, such as <c>w18_small_v1</c>; the name in checkpoints, jobs and logs.</param>
/// <param name="TimmName">The name in timm.</param>
/// <param name="OriginalName">The name in the original repository's README.</param>
/// <param name="Architecture">What it is made of.</param>
/// <param name="ParameterCount">Parameters for 1,000 classes.</param>
public sealed record HrNetVariant(string Name, string TimmName, string OriginalName, HrNetArchitecture Architecture, long ParameterCount)
{
    /// <summary>The nine published variants, from the smallest to the largest.</summary>
    public static IReadOnlyList<HrNetVariant> All { get; } =
    [
        //       ours            timm                  original             stage 1   modules  blocks    C   parameters
        Uniform("w18_small_v1", "hrnet_w18_small",    "HRNet-W18-C-Small-v1", 1, 32,  (1, 1, 1),  2,  16,  13_187_464),
        Uniform("w18_small_v2", "hrnet_w18_small_v2", "HRNet-W18-C-Small-v2", 2, 64,  (1, 3, 2),  2,  18,  15_597_464),
        Uniform("w18",          "hrnet_w18",          "HRNet-W18-C",          4, 64,  (1, 4, 3),  4,  18,  21_299_004),
        Uniform("w30",          "hrnet_w30",          "HRNet-W30-C",          4, 64,  (1, 4, 3),  4,  30,  37_712_220),
        Uniform("w32",          "hrnet_w32",          "HRNet-W32-C",          4, 64,  (1, 4, 3),  4,  32,  41_232_680),
        Uniform("w40",          "hrnet_w40",          "HRNet-W40-C",          4, 64,  (1, 4, 3),  4,  40,  57_557_160),
        Uniform("w44",          "hrnet_w44",          "HRNet-W44-C",          4, 64,  (1, 4, 3),  4,  44,  67_064_984),
        Uniform("w48",          "hrnet_w48",          "HRNet-W48-C",          4, 64,  (1, 4, 3),  4,  48,  77_469_864),
        Uniform("w64",          "hrnet_w64",          "HRNet-W64-C",          4, 64,  (1, 4, 3),  4,  64, 128_059_944),
    ];

    /// <summary>The variant with this name: ours, timm's or the original's, in any case.</summary>
    /// <exception cref="ArgumentException">No variant has that name; the message lists those that there are.</exception>
    public static HrNetVariant Parse(string name) =>
        All.FirstOrDefault(variant => variant.Names.Contains(name, StringComparer.OrdinalIgnoreCase))
        ?? throw new ArgumentException($"There is no HRNet variant '{name}'. Use one of: {string.Join(", ", All.Select(variant => variant.Name))} "
            + "(timm's names, such as hrnet_w18_small, and the original's, such as HRNet-W18-C-Small-v1, mean the same).", nameof(name));

    /// <summary>The variant of this architecture; null for a custom one.</summary>
    public static HrNetVariant? Of(HrNetArchitecture architecture) => All.FirstOrDefault(variant => variant.Architecture == architecture);

    /// <summary>The name of the variant of this architecture, or <see cref="HrNetArchitecture.CustomName"/>.</summary>
    public static string NameOf(HrNetArchitecture architecture) => Of(architecture)?.Name ?? HrNetArchitecture.CustomName;

    /// <inheritdoc/>
    public override string ToString() => Name;

    private string[] Names => [Name, TimmName, OriginalName];

    private static HrNetVariant Uniform(
        string name, string timmName, string originalName, int stage1BlockCount, int stage1Width, (int, int, int) moduleCounts, int blockCount, int width, long parameterCount) =>
        new(name, timmName, originalName, HrNetArchitecture.Uniform(stage1BlockCount, stage1Width, moduleCounts, blockCount, width), parameterCount);
}
