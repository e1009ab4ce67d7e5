using System.ComponentModel.DataAnnotations;

namespace HrNetBatch.Worker;

/// <summary>What this worker takes on: which kinds, how many at once, and on which device.</summary>
public sealed class WorkerOptions
{
    /// <summary>The configuration section that holds them.</summary>
    public const string Section = "HrNetBatch:Worker";

    /// <summary>
    /// <c>cpu</c>; <c>cuda:N</c>, one GPU and nothing else; or <c>auto</c>: every GPU that libtorch can use, else the CPU.
    /// </summary>
    [RegularExpression(@"^(auto|cpu|cuda:\d+)$", ErrorMessage = "HrNetBatch:Worker:Device must be auto, cpu or cuda:N (N counts from 0).")]
    public string Device { get; set; } = "auto";

    /// <summary>How many attempts of each kind run at once; where a kind is not named, one on each GPU, else one. 0 leaves the kind to other workers.</summary>
    public Dictionary<string, int> Concurrency { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// The folder of the lock files that keep workers on one machine off each other's GPUs; all of them must share it. By default
    /// the workers of one user do; those of several need a folder that they all can write, and nobody else.
    /// </summary>
    [Required]
    public string LockFolder { get; set; } = OwnLockFolder;

    /// <summary>The user's own: nobody else writes it, or, in a place where all can write, is let into it.</summary>
    internal static string OwnLockFolder { get; } =
        Path.Combine(Environment.IsPrivilegedProcess && Directory.Exists("/run") ? "/run" : Path.GetTempPath(), $"hrnet-batch-locks-{Environment.UserName}");

    /// <summary>How long a woken job waits for a GPU here before it goes back for any worker to take.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan DeviceWait { get; set; } = TimeSpan.FromSeconds(25);
}
