using TorchSharp.Modules;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Architecture;

/// <summary>Channels-last memory: the same shapes with the channels innermost, which makes convolutions up to a third faster.</summary>
/// <remarks>Convolution, batch norm, ReLU, addition and upsampling keep it, so it is enough to convert weights and input once.</remarks>
public static class ChannelsLast
{
    /// <summary>The same [B, C, H, W] values, laid out as [B, H, W, C].</summary>
    /// <returns>A tensor that the caller disposes.</returns>
    public static Tensor Of(Tensor values)
    {
        // TorchSharp's methods take no memory format; the strides are what counts.
        using Tensor last = values.permute(0, 2, 3, 1);
        using Tensor laidOut = last.contiguous();
        return laidOut.permute(0, 3, 1, 2);
    }

    /// <summary>Lays out the weights of all convolutions channels-last, in place, before an optimizer takes them.</summary>
    public static void ToChannelsLast(this HrNet network)
    {
        using IDisposable noGradients = no_grad();
        foreach (Conv2d convolution in network.modules().OfType<Conv2d>())
        {
            // A copy, which keeps the strides: a view made without gradients could not be trained.
            using Tensor view = Of(convolution.weight), laidOut = view.clone();
            convolution.weight = new Parameter(laidOut, convolution.weight.requires_grad);
        }
    }
}
