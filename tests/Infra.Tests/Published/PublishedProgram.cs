using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;
using HrNetBatch.LocalStack;
using HrNetBatch.TestKit;

namespace HrNetBatch.Infra.Tests.Published;

/// <summary>A program as its image has it: a published folder, started with the container's environment and nothing else.</summary>
internal sealed class PublishedProgram : IDisposable
{
    private static readonly HttpClient Client = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false });

    private readonly int _port;

    private PublishedProgram(ProgramProcess process, int port) => (Process, _port) = (process, port);

    public ProgramProcess Process { get; }

    /// <summary>Publishes a project from what is built already, and returns the folder.</summary>
    public static async Task<string> PublishAsync(string project, TemporaryFolder folder)
    {
        string output = folder.File(project);
        string log = folder.File(project + ".log");
        string configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        // The files of libtorch are 450 MB: linked, not copied.
        int exitCode = await ChildProcess.RunAsync(
            ["dotnet", "publish", Path.Combine(Repository.Root, "src", project), "--no-build", "--configuration", configuration, "--output", output,
                "-nodeReuse:false", "-p:CreateHardLinksForPublishFilesIfPossible=true"],
            log, TestContext.Current.CancellationToken);
        Assert.True(exitCode == 0, await File.ReadAllTextAsync(log, TestContext.Current.CancellationToken));
        return output;
    }

    /// <summary>Starts an image's entry point.</summary>
    /// <param name="folder">The published folder.</param>
    /// <param name="command">The entry point, as in the Dockerfile.</param>
    /// <param name="environment">The container's environment.</param>
    /// <param name="home">A folder that may be written to, as the image's user has one.</param>
    /// <param name="port">Where it is asked how it is.</param>
    public static PublishedProgram Start(string folder, string[] command, IReadOnlyDictionary<string, string> environment, string home, int port)
    {
        string root = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        string program = command[0] == "dotnet" ? Path.Combine(root, "dotnet") : Path.Combine(folder, command[0]);
        var start = new ProcessStartInfo(program, command[1..]) { WorkingDirectory = folder };
        start.Environment.Clear();
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        // What the base image has.
        start.Environment["PATH"] = "/usr/local/bin:/usr/bin:/bin";
        start.Environment["HOME"] = home;
        start.Environment["DOTNET_ROOT"] = root;
        return new(ProgramProcess.Start(start), port);
    }

    /// <summary>Asks as a probe, a browser or KEDA would.</summary>
    public async Task<(HttpStatusCode Status, string Body)> GetAsync(string path, string host = "10.0.0.7", bool isSignedIn = false)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new UriBuilder("http", "127.0.0.1", _port, path).Uri);
        request.Headers.Host = host;
        if (isSignedIn)
            request.Headers.Add("X-MS-CLIENT-PRINCIPAL-ID", "44444444-4444-4444-4444-444444444444");
        using HttpResponseMessage response = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>Waits until its probe says that it can work.</summary>
    public Task ReadyAsync(string path) => Eventually.TrueAsync(
        async () =>
        {
            try
            {
                return (await GetAsync(path)).Status == HttpStatusCode.OK;
            }
            catch (HttpRequestException)
            {
                Assert.True(ProgramProcess.IsAlive(Process.Id), $"The program ended while it started:\n{Process.Log}");
                return false;
            }
        },
        $"{path} answers 200", TimeSpan.FromMinutes(3));

    public void Dispose() => Process.Dispose();
}
