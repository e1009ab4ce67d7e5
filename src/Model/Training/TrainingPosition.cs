namespace HrNetBatch.Model.Training;

/// <summary>Where a run stands between two steps; with the weights and the momentum buffers this is all that a resumed run needs.</summary>
/// <param name="Epoch">The epoch in progress, from 0; equal to the number of epochs when the run is finished.</param>
/// <param name="Step">Optimizer steps made since the run began.</param>
/// <param name="Cursor">Samples of the epoch in progress that the steps have consumed: where its seeded order goes on.</param>
public readonly record struct TrainingPosition(int Epoch, long Step, long Cursor);
