namespace HrNetBatch.Model.Inference;

/// <summary>A network that answers to batches of a <see cref="Classifier"/>. Safe to call from several threads at once.</summary>
internal interface IInferenceNetwork : IDisposable
{
    /// <summary>Where it runs.</summary>
    string Device { get; }

    /// <summary>Logits of images.</summary>
    /// <param name="images">count × 3 × height × width: RGB, normalised, one plane after the other.</param>
    /// <param name="count">How many.</param>
    /// <param name="height">A multiple of 32.</param>
    /// <param name="width">A multiple of 32.</param>
    /// <returns>[count, classes].</returns>
    float[] Logits(ReadOnlySpan<float> images, int count, int height, int width);
}
