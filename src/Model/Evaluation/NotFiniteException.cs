namespace HrNetBatch.Model.Evaluation;

/// <summary>A network has no answer: its weights, or what it makes of an image, are infinities or no numbers.</summary>
/// <param name="message">What is not finite.</param>
/// <param name="inner">The cause.</param>
public sealed class NotFiniteException(string message, Exception? inner = null) : EvaluationException(message, inner);
