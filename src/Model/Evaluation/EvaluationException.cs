namespace HrNetBatch.Model.Evaluation;

/// <summary>What was given cannot be measured; the message says what to do.</summary>
/// <param name="message">What is wrong with what.</param>
/// <param name="inner">The cause.</param>
public class EvaluationException(string message, Exception? inner = null) : Exception(message, inner);
