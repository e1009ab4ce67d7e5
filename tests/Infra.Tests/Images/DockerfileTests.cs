using System.Text.Json;
using System.Text.RegularExpressions;
using HrNetBatch.Infra.Tests.Lint;
using HrNetBatch.TestKit;

namespace HrNetBatch.Infra.Tests.Images;

/// <summary>No image can be built here, so what a build would stumble over is checked without one.</summary>
public sealed partial class DockerfileTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "infra", "docker");

    public static TheoryData<string> Dockerfiles => [.. Directory.EnumerateFiles(Folder, "*.Dockerfile").Select(file => Path.GetFileName(file))];

    [Theory, MemberData(nameof(Dockerfiles))]
    public Task Linters_FindNothing(string dockerfile) => Linters.FindNothingAsync("dockerfile", Path.Combine(Folder, dockerfile));

    [Theory, MemberData(nameof(Dockerfiles))]
    public async Task Bases_ArePinnedToAVersion(string dockerfile)
    {
        Instruction[] bases = [.. (await ReadAsync(dockerfile)).Where(one => one.Keyword == "FROM")];
        Assert.True(bases.Length > 1, "the SDK must not be in the image: a stage builds, another one runs");
        Assert.All(bases, one => Assert.Matches(VersionTag(), one.Words[0]));
    }

    [Theory, MemberData(nameof(Dockerfiles))]
    public async Task TheProgram_RunsAsAUserOtherThanRootWhomKubernetesCanCheck(string dockerfile)
    {
        Instruction[] final = await FinalStageAsync(dockerfile);
        Instruction user = final.Last(one => one.Keyword == "USER");
        Assert.True(int.TryParse(user.Text, out int id) && id > 0, $"USER {user.Text}: a number above 0 is needed");
        Assert.DoesNotContain(final.SkipWhile(one => one != user), one => one.Keyword is "RUN" or "COPY" or "ADD");
    }

    [Theory, MemberData(nameof(Dockerfiles))]
    public async Task Signals_ReachTheProgram_AndDockerAsksForItsHealth(string dockerfile)
    {
        Instruction[] final = await FinalStageAsync(dockerfile);
        string[] entry = JsonSerializer.Deserialize<string[]>(final.Single(one => one.Keyword == "ENTRYPOINT").Text)!; // the exec form is JSON
        Assert.Equal("dotnet", entry[0]);
        Assert.DoesNotContain(final, one => one.Keyword == "CMD");
        Instruction health = final.Single(one => one.Keyword == "HEALTHCHECK");
        string[] check = JsonSerializer.Deserialize<string[]>(health.Text[(health.Text.IndexOf("CMD", StringComparison.Ordinal) + 3)..])!;
        if (!check[0].EndsWith("healthcheck.sh", StringComparison.Ordinal)) return;
        Assert.Contains(final, one => one.Keyword == "ENV" && one.Text.Contains($"{check[1]}=", StringComparison.Ordinal));
        if (!OperatingSystem.IsWindows())
            Assert.NotEqual(UnixFileMode.None, File.GetUnixFileMode(Path.Combine(Folder, "healthcheck.sh")) & UnixFileMode.OtherExecute);
    }

    [Theory, MemberData(nameof(Dockerfiles))]
    public async Task WhatIsCopied_IsThereAndNotIgnored(string dockerfile)
    {
        var context = new DockerIgnore();
        foreach (Instruction copy in (await ReadAsync(dockerfile)).Where(one => one.Keyword == "COPY" && one.Flag("from") is null))
        {
            Assert.All(copy.Words[..^1], source =>
                Assert.True(context.Files(source).Count > 0, $"line {copy.Line}: {source} is not in the repository, or .dockerignore keeps all of it out"));
        }
    }

    [Theory, MemberData(nameof(Dockerfiles))]
    public async Task APublish_FindsItsProjectWithEveryProjectAndFileItRefersTo(string dockerfile)
    {
        Instruction[] all = await ReadAsync(dockerfile);
        var context = new DockerIgnore();
        HashSet<string> copied = [.. all.Where(one => one.Keyword == "COPY" && one.Flag("from") is null).SelectMany(one => one.Words[..^1]).SelectMany(context.Files)];
        string project = Published().Match(all.Single(one => one.Keyword == "RUN" && Published().IsMatch(one.Text)).Text).Groups[1].Value;
        var missing = new List<string>();
        foreach (string file in BuildInputs.Of(Path.Combine(Repository.Root, project)))
        {
            if (!copied.Contains(file)) missing.Add(file);
        }
        Assert.True(missing.Count == 0, $"not copied: {string.Join(", ", missing)}");
    }

    [Theory, MemberData(nameof(Dockerfiles))]
    public async Task TheProgramThatIsStarted_IsWhatThePublishMakes(string dockerfile)
    {
        Instruction[] all = await ReadAsync(dockerfile);
        string project = Published().Match(all.Single(one => one.Keyword == "RUN" && Published().IsMatch(one.Text)).Text).Groups[1].Value;
        string assembly = JsonSerializer.Deserialize<string[]>(all.Single(one => one.Keyword == "ENTRYPOINT").Text)![1];
        IEnumerable<string> programs = BuildInputs.Projects(Path.Combine(Repository.Root, project)).Select(one => $"HrNetBatch.{Path.GetFileNameWithoutExtension(one)}.dll");
        Assert.Contains(assembly, programs);
    }

    [Theory, MemberData(nameof(Dockerfiles))]
    public async Task EveryArgument_HasADefaultInTheStageThatUsesIt(string dockerfile)
    {
        var known = new HashSet<string>();
        foreach (Instruction one in await ReadAsync(dockerfile))
        {
            if (one.Keyword == "FROM") known.Clear();
            if (one.Keyword == "ARG")
            {
                Assert.Contains('=', one.Text);
                known.Add(one.Text.Split('=')[0]);
            }
            Assert.All(Variable().Matches(one.Text), match => Assert.True(known.Contains(match.Groups[1].Value), $"line {one.Line}: {match.Value} is not set"));
        }
    }

    private static Task<Instruction[]> ReadAsync(string dockerfile) => Linters.AskAsync<Instruction[]>("instructions", Path.Combine(Folder, dockerfile));

    private static async Task<Instruction[]> FinalStageAsync(string dockerfile)
    {
        Instruction[] all = await ReadAsync(dockerfile);
        return all[Array.FindLastIndex(all, one => one.Keyword == "FROM")..];
    }

    [GeneratedRegex(@"^[\w./-]+:\d+\.\d+[\w.-]*$")]
    private static partial Regex VersionTag();

    [GeneratedRegex(@"dotnet publish (\S+)")]
    private static partial Regex Published();

    [GeneratedRegex(@"\$\{(\w+)\}")]
    private static partial Regex Variable();
}
