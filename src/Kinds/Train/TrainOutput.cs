using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Kinds.DataSets;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.Kinds.Models;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Kinds.Train;

/// <summary>
/// The files of a run: the checkpoints that it goes on from (<see cref="RunCheckpoints"/>), and under the original's names the weights
/// <c>model_best.pth.tar</c> and, at the end, <c>final_state.pth.tar</c> and the whole run, <c>checkpoint.pth.tar</c>. All carry the card
/// (variant, image size, crop fraction, labels).
/// </summary>
internal sealed class TrainOutput
{
    private readonly TrainArguments _arguments;
    private readonly AttemptContext _attempt;
    private readonly ShardSet _shards;
    private readonly FencedBlob _checkpoint, _best, _final;
    private readonly RunCheckpoints _checkpoints;
    private readonly ModelCard _card;

    private TrainOutput(
        TrainArguments arguments, AttemptContext attempt, ShardSet shards, RunCheckpoints checkpoints,
        FencedBlob checkpoint, FencedBlob best, FencedBlob final)
    {
        (_arguments, _attempt, _shards, _checkpoints) = (arguments, attempt, shards, checkpoints);
        (_checkpoint, _best, _final) = (checkpoint, best, final);
        _card = new ModelCard(HrNetVariant.NameOf(arguments.Network), arguments.ImageSize, arguments.Labels ?? []) { CropFraction = arguments.ValidationCropFraction };
    }

    /// <summary>Takes the output over from the job's earlier attempts.</summary>
    /// <exception cref="JobException">Another job's files stand there; permanent.</exception>
    public static async Task<TrainOutput> ClaimAsync(
        BlobAccounts accounts, BlobStore blobs, TrainArguments arguments, AttemptContext attempt, ShardSet shards, CancellationToken cancellation)
    {
        BlobPath folder = BlobPath.Parse(arguments.Output);
        await blobs.CreateContainerAsync(folder, cancellation);
        Task<FencedBlob> Claim(string name) => FencedBlob.ClaimAsync(accounts, folder.Combine(name), attempt.Lease, cancellation);
        return new TrainOutput(
            arguments, attempt, shards, await RunCheckpoints.ClaimAsync(accounts, blobs, folder, attempt, arguments.KeptCheckpoints, cancellation),
            await Claim("checkpoint.pth.tar"), await Claim("model_best.pth.tar"), await Claim("final_state.pth.tar"));
    }

    /// <summary>A network to train: fresh weights of the seed, or those of the checkpoint to start from. The caller disposes it.</summary>
    public async Task<HrNet> NewNetworkAsync(JobCheckpoints checkpoints, CancellationToken cancellation)
    {
        var network = new HrNet(_arguments.Network, _arguments.NumberOfClasses, _arguments.Seed);
        try
        {
            if (_arguments.ZeroInitResidual)
                network.ZeroResiduals();
            if (_arguments.InitialCheckpoint is { } reference && !_checkpoints.Any)
            {
                using LoadedCheckpoint initial = await checkpoints.LoadAsync(_attempt.Lease, reference, cancellation);
                InitialWeights.Load(network, initial, _arguments.Labels, _attempt.Logger);
                StoredCheckpoint.RequireFinite(initial.Checkpoint, network.state_dict());
            }
            network.to(device(_attempt.Device));
            network.ToChannelsLast();
            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>Where an earlier attempt saved; null where none did. The caller disposes it.</summary>
    public Task<Checkpoint?> ReadNewestAsync(CancellationToken cancellation) => _checkpoints.ReadNewestAsync(cancellation);

    /// <summary>Puts a fresh trainer where an earlier attempt saved.</summary>
    public void Restore(Trainer trainer, Checkpoint saved)
    {
        RunData.Restore(saved, _shards, _card.Labels);
        foreach ((string shard, long count) in TrainingSnapshot.Restore(trainer, saved, Owner))
            _shards.SampleCounts[shard] = count;
    }

    /// <summary>Saves the run as it stands.</summary>
    /// <exception cref="DivergedException">Its weights are not finite; what was saved before stays.</exception>
    public Task SaveAsync(Trainer trainer)
    {
        trainer.RequireFinite();
        return _checkpoints.SaveAsync(trainer.Position, Snapshot(trainer));
    }

    /// <summary>Saves weights as the best so far.</summary>
    public Task SaveBestAsync(HrNet network) => WriteAsync(_best, Weights(network));

    /// <summary>Saves the final weights, which are the best where none were validated.</summary>
    /// <exception cref="DivergedException">They are not finite.</exception>
    /// <exception cref="JobException">The run made no step; permanent.</exception>
    public async Task<TrainResult> FinishAsync(Trainer trainer)
    {
        trainer.RequireFinite();
        RequireStep(trainer);
        await WriteAsync(_final, Weights(trainer.Outcome));
        await WriteAsync(_checkpoint, Snapshot(trainer));
        if (trainer.Best is null)
            await SaveBestAsync(trainer.Outcome);
        await _checkpoints.KeepNewestAsync();
        return new TrainResult(
            $"{_checkpoint.Path}", $"{_best.Path}", $"{_final.Path}", trainer.Position.Epoch, trainer.Best?.Top1, trainer.Best?.Top5, trainer.Best?.Loss);
    }

    /// <summary>Makes sure that a run, or an epoch that ends, did something.</summary>
    /// <exception cref="JobException">It made no step; permanent.</exception>
    public void RequireStep(Trainer trainer)
    {
        if (trainer.Position.Step == 0)
            throw new JobException(
                $"Nothing can be learnt from {_arguments.Data}: an epoch of it makes no step, because batch norm takes no statistics from a single image of {HrNet.SizeMultiple}×{HrNet.SizeMultiple}. "
                + "Give more images, or a larger imageSize.");
    }

    private string Owner => _attempt.Lease.JobId.ToString("D");

    private CheckpointDictionary Snapshot(Trainer trainer) => TrainingSnapshot.Capture(trainer, _card, Owner, _shards.SampleCounts, RunData.Of(_shards)).ToValue();

    private CheckpointDictionary Weights(HrNet network) => CheckpointWriter.ToValue(network.state_dict(), _card);

    // Not cancelled by a stop: at a stop this is what is still to be done.
    private async Task WriteAsync(FencedBlob blob, CheckpointValue value)
    {
        await using FileStream file = TemporaryFile.Create(".pth");
        CheckpointWriter.Write(file, value);
        file.Position = 0;
        await blob.WriteAsync(file, _attempt.CheckLeaseAsync, CancellationToken.None);
    }
}
