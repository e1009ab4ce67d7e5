namespace HrNetBatch.Kinds.Train;

/// <summary>What a finished train job leaves; followers take its fields by name.</summary>
/// <param name="Checkpoint">The resumable checkpoint: weights of the last epoch, optimizer and all.</param>
/// <param name="Best">The weights of the epoch that validated best (of the last one, without validation): the one to use.</param>
/// <param name="Final">The weights of the last epoch.</param>
/// <param name="Epochs">Epochs trained.</param>
/// <param name="Top1">Top-1 of the best epoch on the validation shards, 0 to 1; null without validation.</param>
/// <param name="Top5">Top-5 of that epoch.</param>
/// <param name="Loss">Validation loss of that epoch.</param>
/// <param name="Model">The version of the model that the best weights became, such as <c>model:flowers@3</c>; null unless asked for.</param>
public sealed record TrainResult(string Checkpoint, string Best, string Final, int Epochs, double? Top1, double? Top5, double? Loss, string? Model = null)
{
    /// <summary>What of the training data was not read, and why; null where all was.</summary>
    public IReadOnlyList<string>? LeftOut { get; init; }

    /// <summary>The same of the validation data.</summary>
    public IReadOnlyList<string>? ValidationLeftOut { get; init; }

    /// <summary>The model's class for each class of the training data, by name, where the data have them in another order; null: the same numbers.</summary>
    public IReadOnlyDictionary<string, int>? ClassIndices { get; init; }

    /// <summary>The same of the validation data, which may also lack some.</summary>
    public IReadOnlyDictionary<string, int>? ValidationClassIndices { get; init; }
}
