namespace HrNetBatch.Model.Checkpoints.Pickle;

/// <summary>Bounds that no real checkpoint reaches: the widest network with its optimizer needs about a twentieth of each.</summary>
internal static class PickleLimits
{
    public const int PickleBytes = 32 * 1024 * 1024;
    public const int TextBytes = 1024 * 1024;

    /// <summary>Of bytes, and of the texts that protocol 2 writes instead: somebody's confusion matrix of a thousand classes has 8 MB.</summary>
    public const int DataBytes = 16 * 1024 * 1024;

    public const int NameLength = 256;
    public const int IntegerBytes = 128;
    public const int ValueCount = 1_000_000;
    public const int MemoCount = 1_000_000;
    public const int StackDepth = 100_000;
    public const int TreeDepth = 32;
    public const int DimensionCount = 16;
    public const int SharingCount = 16;
}
