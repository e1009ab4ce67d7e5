namespace HrNetBatch.Jobs.Contracts;

/// <summary>
/// The arguments of one kind of job: a record beside its handler. Ranges are data annotations on its properties; rules that span
/// several properties go into <see cref="Faults"/>.
/// </summary>
public interface IJobArguments
{
    /// <summary>Stable name of the kind; stored in the ledger, so never renamed.</summary>
    static abstract string Kind { get; }

    /// <summary>Whether an attempt computes on a GPU where there is one; others run beside those that do, on the processor.</summary>
    static virtual bool NeedsDevice => true;

    /// <summary>What such a job does, as it ends the sentence "Submit a job that …" in the command line's help.</summary>
    static virtual string Purpose => "";

    /// <summary>Where a job that follows one of this kind finds a checkpoint in its result, such as <c>{{result.best}}</c>; null: nowhere.</summary>
    static virtual string? ResultCheckpoint => null;

    /// <summary>How many workers may share one such job.</summary>
    int LaneCount => 1;

    /// <summary>What is wrong across fields, each as <c>field: what is wrong, what would be right</c>.</summary>
    IEnumerable<string> Faults() => [];
}
