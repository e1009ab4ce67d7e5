namespace HrNetBatch.Model.Architecture;

/// <summary>What carries out the steps of <see cref="HrNetWalk{T}"/>. Inputs stay as they are until they are released, unless a step says otherwise.</summary>
/// <typeparam name="T">A feature map as the engine sees it.</typeparam>
internal interface IHrNetEngine<T> where T : class
{
    /// <summary>relu?(batch norm(convolution of <paramref name="x"/>) + <paramref name="plus"/>?).</summary>
    T Convolve(ConvolutionLayer layer, T x, T? plus = null);

    /// <summary><paramref name="x"/> + <paramref name="y"/>, in the place of <paramref name="x"/>.</summary>
    T Add(string name, T x, T y);

    /// <summary>relu?(sum + nearest upsampling of <paramref name="low"/>).</summary>
    /// <param name="name">Of the step.</param>
    /// <param name="sum">The larger one.</param>
    /// <param name="low">The smaller one, of as many channels.</param>
    /// <param name="factor">How often each pixel is repeated in both directions.</param>
    /// <param name="relu">Whether negative sums become 0.</param>
    /// <param name="mayOverwrite">Whether the result takes the place of <paramref name="sum"/>.</param>
    T AddUpsampled(string name, T sum, T low, int factor, bool relu, bool mayOverwrite);

    /// <summary>Logits of the mean over all pixels.</summary>
    T Classify(T features);

    /// <summary>Frees what nobody needs any more.</summary>
    void Release(T value);
}

/// <summary>A convolution, the batch norm behind it, and whether a ReLU follows; padding keeps the size, or halves it with stride 2.</summary>
/// <param name="Name">The parameters' name, without <c>.weight</c>.</param>
/// <param name="InChannels">Channels that enter.</param>
/// <param name="OutChannels">Channels that leave.</param>
/// <param name="Kernel">Height and width.</param>
/// <param name="Stride">In both directions.</param>
/// <param name="HasRelu">Whether negative results become 0.</param>
/// <param name="HasBias">Whether the convolution has a bias of its own.</param>
internal readonly record struct ConvolutionLayer(string Name, int InChannels, int OutChannels, int Kernel, int Stride, bool HasRelu, bool HasBias)
{
    /// <summary>On each side.</summary>
    public int Padding => Kernel / 2;

    /// <summary>The name of the batch norm: conv2 → bn2; x.0, a convolution in a sequence → x.1.</summary>
    public string NormName
    {
        get
        {
            int last = Name.LastIndexOf('.') + 1;
            return Name[last..].StartsWith("conv", StringComparison.Ordinal) ? $"{Name[..last]}bn{Name[(last + 4)..]}" : $"{Name[..last]}1";
        }
    }
}
