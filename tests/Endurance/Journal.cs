using System.Globalization;
using System.Text;

namespace HrNetBatch.Endurance;

/// <summary>What happened, as one line each. A line that was written survives the death of its process: the system has it.</summary>
internal sealed class Journal(string file) : IDisposable
{
    private readonly FileStream _file = new(file, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
    private readonly Lock _gate = new();

    /// <summary>Writes an event with the moment, by a clock that all processes of the machine share, and numbers of messages.</summary>
    public void Write(string what, string session, IEnumerable<int> numbers)
    {
        string line = string.Create(
            CultureInfo.InvariantCulture, $"{TimeProvider.System.GetTimestamp()} {what} {session} {string.Join(',', numbers)}\n");
        lock (_gate) _file.Write(Encoding.ASCII.GetBytes(line));
    }

    public void Dispose() => _file.Dispose();

    /// <summary>Reads the journals of a kind in the order of their moments; a line that was cut off by a kill did not happen.</summary>
    public static List<Entry> Read(string folder, string pattern) =>
    [
        .. Directory.EnumerateFiles(folder, pattern).SelectMany(ReadFile).OrderBy(entry => entry.At),
    ];

    private static IEnumerable<Entry> ReadFile(string file)
    {
        string text = File.ReadAllText(file);
        foreach (string line in text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = line.Split(' ');
            yield return new Entry(
                long.Parse(parts[0], CultureInfo.InvariantCulture), parts[1], parts[2],
                [.. parts[3].Split(',').Select(number => int.Parse(number, CultureInfo.InvariantCulture))]);
        }
    }
}

/// <summary>One line of a journal.</summary>
internal sealed record Entry(long At, string What, string Session, int[] Numbers);
