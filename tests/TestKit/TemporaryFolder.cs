using System.Globalization;
using HrNetBatch.LocalStack;

namespace HrNetBatch.TestKit;

/// <summary>A folder that is deleted with the test, or by the next test run when the test's process was killed.</summary>
public sealed class TemporaryFolder : IDisposable
{
    private static readonly string Root = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"hrnet-tests-{Environment.UserName}");

    // For root, PostgreSQL runs as another user, who has to get through.
    private static readonly UnixFileMode Mode = Environment.IsPrivilegedProcess ? PrivateFolder.Passable : PrivateFolder.Closed;

    static TemporaryFolder()
    {
        PrivateFolder.Make(Root, Mode);
        foreach (string folder in Directory.GetDirectories(Root))
        {
            string processId = System.IO.Path.GetFileName(folder).Split('-')[0];
            if (!IsAlive(int.Parse(processId, CultureInfo.InvariantCulture))) TryDelete(folder);
        }
    }

    /// <summary>Makes the folder.</summary>
    public TemporaryFolder()
    {
        Path = System.IO.Path.Combine(Root, $"{Environment.ProcessId}-{Guid.CreateVersion7():n}");
        PrivateFolder.Make(Path, Mode);
    }

    /// <summary>Its full path.</summary>
    public string Path { get; }

    /// <summary>The full path of a file in it.</summary>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <inheritdoc/>
    public void Dispose() => TryDelete(Path);

    private static bool IsAlive(int processId)
    {
        try
        {
            using var process = System.Diagnostics.Process.GetProcessById(processId);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static void TryDelete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (IOException)
        {
            // Somebody still writes there, or another test run deletes it too: left to the next run.
        }
    }
}
