using HrNetBatch.Model.Architecture;

namespace HrNetBatch.Model.Inference.Winograd;

/// <summary>
/// A 3×3 convolution of stride 1 by Winograd's F(4×4, 3×3) (Lavin and Gray 2015): squares of 6×6 pixels are transformed, multiplied by the
/// transformed weights at each of their 36 places, and transformed back into 4×4 results: 36 products in place of 144.
/// </summary>
internal sealed unsafe class WinogradConvolution : Convolution
{
    private const int Places = 36, Tile = 4;
    private const int TileBlock = 24; // tiles at a time: they stay in the cache from the one transform to the other

    private readonly PackedWeights _weights;

    /// <summary>Transforms and packs weights.</summary>
    /// <param name="layer">3×3, stride 1.</param>
    /// <param name="weights">[out, in, 3, 3].</param>
    /// <param name="bias">[out].</param>
    internal WinogradConvolution(ConvolutionLayer layer, float[] weights, float[] bias) : base(layer)
    {
        const int Square = 9;
        _weights = new PackedWeights(layer.OutChannels, Places, layer.InChannels,
            (o, k, places) => WinogradTransforms.OfWeights(weights.AsSpan((o * layer.InChannels + k) * Square, Square), places), bias);
    }

    internal override void Apply(Workspace workspace, FeatureMap x, FeatureMap? plus, FeatureMap result)
    {
        int across = (x.Width + Tile - 1) / Tile, down = (x.Height + Tile - 1) / Tile, total = x.Count * across * down;
        (NativeFloats transformed, NativeFloats products) = workspace.Room(Places * PlaceStride(x.PixelStride), Places * PlaceStride(result.PixelStride));
        for (int first = 0; first < total; first += TileBlock)
        {
            int count = Math.Min(TileBlock, total - first);
            for (int i = 0; i < count; i++)
            {
                (int image, int y, int column) = Place(first + i);
                WinogradTransforms.OfInput(
                    x.Image(image) + y * x.RowStride + column * (nint)x.PixelStride, x.RowStride, x.PixelStride,
                    transformed.First + (nint)i * x.PixelStride, PlaceStride(x.PixelStride));
            }
            Multiply(workspace, count, transformed.First, x.PixelStride, products.First, result.PixelStride);
            for (int i = 0; i < count; i++)
            {
                (int image, int y, int column) = Place(first + i);
                WinogradTransforms.OfOutput(
                    products.First + (nint)i * result.PixelStride, PlaceStride(result.PixelStride), _weights.Bias,
                    plus is null ? null : plus.Pixel(image, y, column), result.Pixel(image, y, column), result.RowStride, result.PixelStride,
                    Math.Min(Tile, result.Height - y), Math.Min(Tile, result.Width - column), Layer.HasRelu);
            }
        }

        (int Image, int Y, int X) Place(int tile) => (tile / (across * down), tile / across % down * Tile, tile % across * Tile);
    }

    private void Multiply(Workspace workspace, int count, float* transformed, int depthStride, float* products, int resultStride)
    {
        nint none = 0;
        float* zeros = workspace.Zeros;
        for (int place = 0; place < Places; place++)
        {
            for (int i = 0; i < count; i++)
            {
                workspace.Rows[i] = transformed + place * PlaceStride(depthStride) + (nint)i * depthStride;
                workspace.Results[i] = products + place * PlaceStride(resultStride) + (nint)i * resultStride;
            }
            workspace.FillRows(count, resultStride);
            float* block = _weights.First;
            int channel = 0;
            foreach (int vectors in _weights.Vectors)
            {
                int width = vectors * Blocks.Lanes;
                _weights.Multiply(
                    workspace, count, &none, 1, vectors, block + (nint)place * Layer.InChannels * width, workspace.Zeros, channel, adds: false, relu: false);
                block += (nint)Places * Layer.InChannels * width;
                channel += width;
            }
        }
    }

    // Not a multiple of a page, or the 36 places would share a few lines of the first-level cache.
    private static nint PlaceStride(int channels) => (nint)TileBlock * channels + 16;

    public override void Dispose() => _weights.Dispose();
}
