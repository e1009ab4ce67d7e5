namespace HrNetBatch.Model.Labels;

/// <summary>Classes of two sides that cannot be the same; the message has both lists and says what to do.</summary>
/// <param name="message">Both lists and what to do.</param>
public sealed class ClassNamesException(string message) : Exception(message);
