using System.Globalization;
using HrNetBatch.Model.Data;

namespace HrNetBatch.Model.Tests.Data;

/// <summary>Shards in memory, opened as streams that cannot seek and give a few bytes at a time, as a network does.</summary>
internal sealed class Shards
{
    private readonly Dictionary<string, byte[]> _shards = new(StringComparer.Ordinal);

    public IReadOnlyList<string> Names => [.. _shards.Keys];

    public List<string> Opened { get; } = [];

    public Task<Stream> OpenAsync(string name, CancellationToken cancellationToken)
    {
        lock (Opened)
            Opened.Add(name);
        return Task.FromResult<Stream>(new Trickle(_shards[name]));
    }

    public void Add(string name, byte[] tar) => _shards.Add(name, tar);

    /// <summary>Shards of small images whose keys count upwards over all of them; the label is the key's number.</summary>
    public static async Task<Shards> CreateAsync(params int[] sampleCounts)
    {
        var shards = new Shards();
        int number = 0;
        for (int shard = 0; shard < sampleCounts.Length; shard++)
        {
            int first = number;
            number += sampleCounts[shard];
            shards.Add($"shard-{shard:D4}.tar", await WriteAsync(async writer =>
            {
                for (int sample = first; sample < number; sample++)
                    await writer.WriteAsync(Key(sample), "jpg", Images.Jpeg(sample), sample);
            }));
        }
        return shards;
    }

    public static string Key(int number) => number.ToString("D5", CultureInfo.InvariantCulture);

    public static async Task<byte[]> WriteAsync(Func<ShardWriter, Task> write)
    {
        using var memory = new MemoryStream();
        await using (var writer = new ShardWriter(memory))
            await write(writer);
        return memory.ToArray();
    }

    public static async Task<List<Sample>> ReadAsync(byte[] tar)
    {
        var samples = new List<Sample>();
        await foreach (Sample sample in ShardReader.ReadAsync(new Trickle(tar), "s.tar", TestContext.Current.CancellationToken))
            samples.Add(sample);
        return samples;
    }

    private sealed class Trickle(byte[] content) : MemoryStream(content, writable: false)
    {
        public override bool CanSeek => false;

        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, 700));

        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, 700)]);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
            => base.ReadAsync(buffer[..Math.Min(buffer.Length, 700)], cancellationToken);
    }
}
