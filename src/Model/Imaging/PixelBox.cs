namespace HrNetBatch.Model.Imaging;

/// <summary>A rectangle of whole pixels.</summary>
/// <param name="Left">First column.</param>
/// <param name="Top">First row.</param>
/// <param name="Width">Columns, at least one.</param>
/// <param name="Height">Rows, at least one.</param>
public readonly record struct PixelBox(int Left, int Top, int Width, int Height);
