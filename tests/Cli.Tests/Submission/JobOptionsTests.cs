using System.CommandLine;
using HrNetBatch.Cli.Commands;
using HrNetBatch.Cli.Submission;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Kinds;
using HrNetBatch.Kinds.Classify;
using HrNetBatch.Kinds.Train;
using HrNetBatch.Kinds.Validate;

namespace HrNetBatch.Cli.Tests.Submission;

public sealed class JobOptionsTests
{
    private static readonly string[] Needed = ["--data", "blob://local/shards/t.tar", "--variant", "w18", "--output", "blob://local/models/"];

    [Fact]
    public void ToRequest_TurnsTextIntoTheTypesOfTheFields()
    {
        TrainArguments arguments = Train(
            "--labels", "cat,dog", "fox", "--epoch-count", "3", "--learning-rate", "1e-2", "--nesterov", "false", "--horizontal-flip",
            "--learning-rate-milestones", "1,2", "--checkpoint-interval", "90s");

        Assert.Equal(["cat", "dog", "fox"], arguments.Labels!);
        Assert.Equal(3, arguments.EpochCount);
        Assert.Equal(0.01, arguments.LearningRate);
        Assert.False(arguments.Nesterov);
        Assert.True(arguments.HorizontalFlip);
        Assert.Equal([1, 2], arguments.LearningRateMilestones);
        Assert.Equal(TimeSpan.FromSeconds(90), arguments.CheckpointInterval);
    }

    [Fact]
    public void ToRequest_LeavesWhatWasNotTypedToTheRecord()
    {
        TrainArguments arguments = Train("--class-count", "9");

        Assert.Equal(new TrainArguments { Data = "", Variant = "", Output = "" }.Momentum, arguments.Momentum);
        Assert.Null(arguments.Labels);
    }

    [Fact]
    public void Refusal_NamesOptionsAsTheyAreTyped()
    {
        var refused = Assert.Throws<JobArgumentsException>(() => Train("--class-count", "9", "--epoch-count", "many"));

        string message = JobOptions.InWordsOfTheCommandLine(refused);

        Assert.Contains("--epoch-count", message, StringComparison.Ordinal);
        Assert.Contains("many", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Refusal_NamesThePlaceOfAFollowersOption()
    {
        JobRequest validate = JobRequest.For(new ValidateArguments { Checkpoint = "blob://local/models/m.pth", Data = "blob://local/shards/" });
        JobRequest classify = JobRequest.For(new ClassifyArguments { Input = "/home/me/photos", Checkpoint = "blob://local/models/m.pth", Output = "blob://local/results/" });
        JobRequest document = classify with { Then = [validate, classify] };

        string typed = Words(validate with { Then = [classify] }), deeper = Words(validate with { Then = [validate with { Then = [classify] }] });

        Assert.Contains("\n  --input after the --then (then[0].arguments.input): '/home/me/photos' is not a blob path", typed, StringComparison.Ordinal);
        Assert.Contains("\n  --input after the second --then (then[0].then[0].arguments.input): ", deeper, StringComparison.Ordinal);
        Assert.DoesNotContain("--input (input)", typed + deeper, StringComparison.Ordinal);
        Assert.Contains("then[1].arguments.input: ", Words(validate with { Then = document.Then }), StringComparison.Ordinal);

        static string Words(JobRequest request) =>
            JobOptions.InWordsOfTheCommandLine(Assert.Throws<JobArgumentsException>(() => KindTable.Default.Check(request)));
    }

    /// <summary>A follower's command line is told in the words of every command line, with its place and kind.</summary>
    [Theory]
    [InlineData("validate --data blob://local/val/", "After the --then, validate: --checkpoint is missing.")]
    [InlineData("export --output blob://local/m.onnx|validate --data blob://local/val/ --frob 3", "After the second --then, validate: `hrnet validate` has no option --frob.")]
    [InlineData("classify", "After the --then, classify: --checkpoint is missing.\nAfter the --then, classify: --input is missing.\nAfter the --then, classify: --output is missing.")]
    [InlineData("export --output", "After the --then, export: --output needs a value.\nAfter the --then, export: --checkpoint is missing.")]
    [InlineData("frob x", "After the --then: train, validate, classify or export with its options is needed, this is 'frob'.")]
    [InlineData("", "After the --then: a job is missing: train, validate, classify or export with its options.")]
    public void AFollowersFault_IsToldWithItsPlaceAndKind(string followers, string expected)
    {
        JobRequest first = new() { Kind = "frob", Arguments = default };
        var chained = Assert.Throws<UserException>(() => SubmitKindCommand.Chain(
            followers.Contains('|', StringComparison.Ordinal) ? first with { Kind = "train" } : first,
            followers.Split('|').Select(follower => follower.Split(' ', StringSplitOptions.RemoveEmptyEntries))));

        Assert.Equal(expected.Split('\n').Order(StringComparer.Ordinal), chained.Message.Split('\n').Order(StringComparer.Ordinal));
        Assert.Equal(UserException.WrongRequest, chained.ExitCode);
    }

    [Theory]
    [InlineData("status --then validate", "--then follows a command that submits a job: classify, export, train, validate.")]
    [InlineData("submit  --json", "FILE.json is empty.")]
    public async Task WhatACommandCannotTake_IsRefused_AndNotPassedOver(string typed, string expected)
    {
        CommandResult result = await HrnetProcess.RunAsync(typed.Split(' '));

        Assert.Equal((2, $"Error: {expected}"), (result.ExitCode, result.Error.Trim()));
    }

    [Fact]
    public void EveryOption_HasHelp()
    {
        foreach (Command command in CommandLine.Build([]).Subcommands)
        {
            Assert.False(string.IsNullOrEmpty(command.Description), command.Name);
            foreach (Option option in command.Options) Assert.False(string.IsNullOrEmpty(option.Description), $"{command.Name} {option.Name}");
        }
    }

    [Fact]
    public void Default_TakesThePlaceOfARequiredOption()
    {
        var options = new JobOptions<ClassifyArguments>(new Dictionary<string, string> { ["Checkpoint"] = "{{result.checkpoint}}" });
        var root = new RootCommand();
        options.AddTo(root);

        ParseResult parsed = root.Parse(["--input", "blob://local/images/", "--output", "blob://local/results/"]);

        Assert.Empty(parsed.Errors);
        Assert.Equal("{{result.checkpoint}}", options.ToRequest(parsed).Arguments.GetProperty("checkpoint").GetString());
    }

    [Fact]
    public void TheCommandOfAKind_IsMadeFromItsLineInTheTable()
    {
        Command command = SubmitKindCommand.Create(JobKind.Of<AddedArguments>(), []);

        Assert.Equal("added", command.Name);
        Assert.StartsWith("Submit a job that adds up.", command.Description, StringComparison.Ordinal);
        Assert.Equal(["--addends", "--wait", "--via"], command.Options.Select(option => option.Name));
        Assert.True(command.Options[0].Required);
        Assert.Equal(KindTable.Default.All.Select(kind => kind.Name), CommandLine.Build([]).Subcommands.Select(one => one.Name).Where(name => KindTable.Default.All.Any(kind => kind.Name == name)));
    }

    private sealed record AddedArguments : IJobArguments
    {
        public static string Kind => "added";

        public static string Purpose => "adds up";

        public required IReadOnlyList<int> Addends { get; init; }
    }

    private static TrainArguments Train(params string[] typed)
    {
        var options = new JobOptions<TrainArguments>();
        var root = new RootCommand();
        options.AddTo(root);
        ParseResult parsed = root.Parse([.. Needed, .. typed]);
        Assert.Empty(parsed.Errors);
        JobRequest request = options.ToRequest(parsed);
        return (TrainArguments)KindTable.Default.Parse(request.Kind, request.Arguments);
    }
}
