namespace HrNetBatch.Jobs.Ledger;

/// <summary>What a job uses a checkpoint for; it has one of each at most.</summary>
public enum CheckpointRole
{
    /// <summary>The network that the job is about: to classify with, to measure, to export, to begin training with.</summary>
    Main,

    /// <summary>The network whose answers a train job learns.</summary>
    Teacher,
}
