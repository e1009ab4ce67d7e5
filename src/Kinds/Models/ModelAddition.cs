using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Labels;

namespace HrNetBatch.Kinds.Models;

/// <summary>
/// Adds versions. The weights get a name of their own before the version has a number, so two people who add at once upload side by
/// side, and only their small files of facts meet: the second takes the next number.
/// </summary>
public sealed class ModelAddition(ModelStore store, BlobStore blobs, TimeProvider time)
{
    /// <summary>Makes sure that models have a place, and that it can be reached.</summary>
    /// <exception cref="JobException">None is configured.</exception>
    public Task PrepareAsync(CancellationToken cancellation = default) => blobs.CreateContainerAsync(store.Root, cancellation);

    /// <summary>Adds weights as the next version of a model.</summary>
    /// <param name="model">What is known of them.</param>
    /// <param name="weights">The checkpoint's file, read from its beginning.</param>
    /// <param name="checkLease">For a job: throws unless the attempt holds its lease.</param>
    /// <param name="cancellation">Gives up; nothing is visible then.</param>
    /// <returns>The new version; for a job that has one already, that one.</returns>
    /// <exception cref="CheckpointException">It is no checkpoint.</exception>
    /// <exception cref="JobException">The name, labels or weights cannot be a model.</exception>
    public async Task<ModelVersion> AddAsync(NewModel model, Stream weights, Func<Task>? checkLease = null, CancellationToken cancellation = default)
    {
        if (ModelName.Fault(model.Name) is { } fault) throw new JobException($"{fault}.");
        IReadOnlyList<ModelVersion> earlier = model.Job is null ? [] : (await store.ListAllVersionsAsync(model.Name, cancellation)).Versions;
        if (earlier.FirstOrDefault(version => version.Job == model.Job) is { } made) return made;

        ModelVersion described = Describe(model, weights);
        await PrepareAsync(cancellation);
        await (checkLease?.Invoke() ?? Task.CompletedTask);

        // 1. The weights, which nobody sees yet. A crash after this leaves a blob that no version names: a job's next attempt takes it up,
        //    and the sweep deletes it otherwise.
        await UploadAsync(described, weights, cancellation);

        // 2. The version itself, all of it in one small blob that must not exist yet. A crash before it costs nothing but the upload;
        //    after it, the version is there for ever, and a job's next attempt finds it by the job's id.
        ModelVersion added = await NumberAsync(described, checkLease, cancellation);

        // 3. Between 1 and 2 this process may have slept longer than the sweep spares strangers: then the weights go up once more.
        if (added.RemovedAt is null && added.Weights == described.Weights && await blobs.FindAsync(store.WeightsOf(added), cancellation) is null)
            await UploadAsync(described, weights, cancellation);
        return added;
    }

    private ModelVersion Describe(NewModel model, Stream weights)
    {
        using Checkpoint checkpoint = CheckpointReader.Read(weights, model.Source);
        HrNetShape shape = StoredCheckpoint.ShapeOf(checkpoint);   // what a job would refuse is refused here
        StoredCheckpoint.RequireFinite(checkpoint, checkpoint.StateDict);
        IReadOnlyList<string>? labels = model.Labels ?? ClassLabels.Of(checkpoint);
        if (labels is not null && labels.Count != shape.ClassCount)
            throw new JobException($"{model.Source} tells {Counted.Of(shape.ClassCount, "class", "classes")} apart, and {Counted.Of(labels.Count, "label is", "labels are")} given. Give one label for each class, in the order of the classes' indices.");
        if (ClassList.FaultOf(labels ?? []) is { } fault)
            throw new JobException($"Among the {(model.Labels is null ? $"labels that {model.Source} carries" : "labels given")} {fault}. {(model.Labels is null ? "Give others with --labels" : "Correct them")}.");
        int imageSize = model.ImageSize ?? checkpoint.Card?.ImageSize ?? LoadedCheckpoint.DefaultImageSize;
        if (imageSize < 32 || imageSize % 32 != 0)
            throw new JobException($"The image size of a model must be a multiple of 32; {imageSize} is none.");
        return new ModelVersion
        {
            Name = model.Name,
            Version = 0,
            Weights = $"weights/{checkpoint.Sha256[..16]}-{model.Job ?? Guid.NewGuid():N}-{FileName(model.Source)}",
            Sha256 = checkpoint.Sha256,
            Bytes = checkpoint.Bytes,
            Variant = shape.VariantName,
            Architecture = shape.Variant is null ? shape.Architecture : null,
            ClassCount = shape.ClassCount,
            Labels = labels,
            ImageSize = imageSize,
            Preprocessing = checkpoint.Card is { } card ? new ModelPreprocessing { CropFraction = card.CropFraction } : new ModelPreprocessing(),
            Source = model.Source,
            Job = model.Job,
            Metrics = model.Metrics,
            CreatedAt = time.GetUtcNow(),
            Remark = model.Remark,
        };
    }

    private async Task UploadAsync(ModelVersion described, Stream weights, CancellationToken cancellation)
    {
        weights.Position = 0;
        try
        {
            await blobs.UploadAsync(store.WeightsOf(described), weights, new Replaces(null), cancellation);
        }
        catch (BlobException e) when (e.IsChanged)
        {
            // An earlier attempt of the job uploaded it: a name holds the bytes that its hash says, or does not exist.
        }
    }

    private async Task<ModelVersion> NumberAsync(ModelVersion described, Func<Task>? checkLease, CancellationToken cancellation)
    {
        // Numbers have no gaps: everybody starts after those that there are and takes the first free one. So whoever adds for the same job
        // at the same time (a worker that was believed dead) passes the version of the other on the way, and stops at it.
        IReadOnlyList<int> taken = await store.ListNumbersAsync(described.Name, cancellation);
        int number = Enumerable.Range(1, taken.Count + 1).Except(taken).First();
        while (true)
        {
            ModelVersion version = described with { Version = number };
            await (checkLease?.Invoke() ?? Task.CompletedTask);
            try
            {
                await ModelJson.WriteAsync(blobs, store.Folder(version.Name).Version(number), version, new Replaces(null), cancellation);
                return version;
            }
            catch (BlobException e) when (e.IsChanged)
            {
                // Our own write whose answer was lost, another attempt's, or somebody else's.
                if (await ThereAsync(version.Name, number, cancellation) is { } other
                    && (other.Weights == version.Weights || (version.Job is not null && other.Job == version.Job)))
                    return other;
                number++;
            }
        }
    }

    // A number whose file cannot be read is taken all the same.
    private async Task<ModelVersion?> ThereAsync(string name, int number, CancellationToken cancellation)
    {
        try
        {
            return await store.FindAsync(name, number, cancellation);
        }
        catch (JobException)
        {
            return null;
        }
    }

    /// <summary>The source's file name, as far as any system takes it: for people who look into the folder.</summary>
    private static string FileName(string source)
    {
        string name = source[(source.LastIndexOfAny(['/', '\\']) + 1)..];
        return string.Concat(name.TakeLast(80).Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' ? c : '_'));
    }
}
