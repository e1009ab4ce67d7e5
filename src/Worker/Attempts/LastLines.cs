namespace HrNetBatch.Worker.Attempts;

/// <summary>The last lines of a stream, for the message of a crash; safe to read while lines arrive.</summary>
internal sealed class LastLines(int lineCount = 12, int lineLength = 400)
{
    private readonly Queue<string> _lines = new();

    public void Add(string line)
    {
        if (string.IsNullOrWhiteSpace(line))
            return;
        lock (_lines)
        {
            if (_lines.Count == lineCount)
                _lines.Dequeue();
            _lines.Enqueue(line.Length <= lineLength ? line : line[..lineLength] + "…");
        }
    }

    public override string ToString()
    {
        lock (_lines)
            return string.Join('\n', _lines);
    }
}
