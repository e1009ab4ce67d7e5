namespace HrNetBatch.Model.Inference;

/// <summary>One class that an image may be of.</summary>
/// <param name="Index">The class, from 0, in the order of the classifier's outputs.</param>
/// <param name="Label">Its name; null where the weights came without names.</param>
/// <param name="Probability">Softmax over all classes, 0 to 1.</param>
public readonly record struct Prediction(int Index, string? Label, float Probability);
