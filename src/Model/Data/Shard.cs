namespace HrNetBatch.Model.Data;

/// <summary>A part of a data set whose samples have an order. Thread-safe.</summary>
public abstract class Shard
{
    private protected Shard(string name) => Name = name;

    /// <summary>Its name: unique in the data set.</summary>
    public string Name { get; }

    /// <summary>The file that it is; null where it is a part of one, or an image alone.</summary>
    public virtual DataFile? File => null;

    /// <summary>How many samples it has; null while that is not known.</summary>
    public long? SampleCount { get; private protected set; }

    /// <summary>Members that belong to no sample; empty until it was read from its start to its end.</summary>
    internal virtual IReadOnlyList<LeftOut> LeftOut => [];

    /// <summary>Holds the whole shard against the hashes that are known of it.</summary>
    /// <exception cref="ShardException">It is not what they say.</exception>
    internal virtual Task VerifyAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>
    /// Whether it can be read from any sample on, by what lies with the data themselves; known once it is prepared. What only this
    /// machine has learnt of it does not count: the order of an epoch depends on it.
    /// </summary>
    internal virtual bool IsAddressable => false;

    /// <summary>Whether a sample can be read from its place just now, however that became known.</summary>
    internal virtual bool KnowsPlaces => IsAddressable;

    /// <summary>Tells of its samples, in their order, and learns their places where they are not known and that is of use; it is read whole, unless that is known without.</summary>
    /// <exception cref="ShardException">It cannot be read.</exception>
    internal virtual async Task LocateAsync(Action<SampleHead> onSample, CancellationToken cancellationToken)
    {
        await foreach (Sample sample in ReadAsync(0, cancellationToken))
            onSample(SampleHead.Of(sample));
    }

    /// <summary>Learns what can be learnt without reading samples, such as an index.</summary>
    internal virtual Task PrepareAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Yields the samples from number <paramref name="first"/> on; it is read from there where the place is known, else from its start.</summary>
    /// <exception cref="ShardException">It cannot be read.</exception>
    internal abstract IAsyncEnumerable<Sample> ReadAsync(long first, CancellationToken cancellationToken);

    /// <summary>Yields <paramref name="count"/> samples from number <paramref name="first"/> on; nothing else is read where their places are known. Ends early where there are no more.</summary>
    /// <exception cref="ShardException">It cannot be read.</exception>
    internal virtual async IAsyncEnumerable<Sample> ReadAsync(
        long first, int count, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (count == 0)
            yield break;
        await foreach (Sample sample in ReadAsync(first, cancellationToken))
        {
            yield return sample;
            if (--count == 0)
                yield break;
        }
    }

    /// <summary>Yields some samples, by their rising numbers; nothing else is read where their places are known. Ends early where there are no more.</summary>
    /// <exception cref="ShardException">It cannot be read.</exception>
    internal virtual async IAsyncEnumerable<(long Index, Sample Sample)> PickAsync(
        IReadOnlyList<long> indexes, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long index = 0;
        int next = 0;
        await foreach (Sample sample in ReadAsync(0, cancellationToken))
        {
            if (index == indexes[next])
            {
                yield return (index, sample);
                if (++next == indexes.Count)
                    yield break;
            }
            index++;
        }
    }
}
