using HrNetBatch.Model.Training;

namespace HrNetBatch.Kinds.Train;

/// <summary>A checkpoint of a run that is in blob storage whole: it was read back before it got into the list.</summary>
/// <param name="Name">The blob's name within the run's folder of checkpoints.</param>
/// <param name="Epoch">The epoch in progress, from 0.</param>
/// <param name="Step">Optimizer steps made.</param>
/// <param name="Cursor">Samples of the epoch that were consumed.</param>
/// <param name="LengthBytes">Its size.</param>
/// <param name="Sha256">Hash of its bytes, lower-case hexadecimal.</param>
internal sealed record SavedCheckpoint(string Name, int Epoch, long Step, long Cursor, long LengthBytes, string Sha256)
{
    /// <summary>Where the run stood.</summary>
    internal bool IsAt(TrainingPosition position) => (Epoch, Step, Cursor) == (position.Epoch, position.Step, position.Cursor);
}

/// <summary>The list of a run's checkpoints, as <c>checkpoints.json</c> holds it.</summary>
/// <param name="Version">Of this form; 1.</param>
/// <param name="Checkpoints">Newest first.</param>
internal sealed record CheckpointList(int Version, IReadOnlyList<SavedCheckpoint> Checkpoints)
{
    internal const int CurrentVersion = 1;
}
