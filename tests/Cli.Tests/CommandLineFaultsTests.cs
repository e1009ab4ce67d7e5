namespace HrNetBatch.Cli.Tests;

public sealed class CommandLineFaultsTests
{
    [Theory]
    [InlineData("list", "`hrnet` has no command list; `hrnet status` lists the jobs.")]
    [InlineData("frob it", "`hrnet` has no command frob.")]
    [InlineData("models", "`hrnet models` needs one of its commands: list, show, add, tag, untag, remove.")]
    [InlineData("models frob", "`hrnet models` has no command frob.")]
    [InlineData("status a b", "`hrnet status` takes no further argument, and 'b' is one.")]
    [InlineData("status --limit abc", "--limit: a whole number is needed, this is 'abc'.")]
    [InlineData("status --limit 0", "--limit: a whole number from 1 on is needed, this is '0'.")]
    [InlineData("runs list --limit -3", "--limit: a whole number from 1 on is needed, this is '-3'.")]
    [InlineData("status --limit", "--limit needs a value.")]
    [InlineData("status --limit 1 --limit 2", "--limit is given several times, and takes one value.")]
    [InlineData("retry abc --failed-item-limit half", "--failed-item-limit: a number is needed, this is 'half'.")]
    [InlineData("cancel", "JOB is missing.")]
    [InlineData("schedule add", "--cron is missing.|NAME is missing.|FILE.json is missing.")]
    [InlineData("train --epochs 3 --data x --output y", "`hrnet train` has no option --epochs; did you mean --epoch-count?")]
    [InlineData("watch abc --frob", "`hrnet watch` has no option --frob.")]
    [InlineData("dataset inspect x --data-layout tar", "--data-layout: one of webDataset, imageFolder, ilsvrc, mds is needed, this is 'tar'.")]
    [InlineData("export a b --format pdf", "--format: one of pth, training, safetensors, onnx is needed, this is 'pdf'.")]
    [InlineData("schema trian", "'trian' is none of classify, export, train, validate, event.")]
    [InlineData("deadletters replay", "Name the dead letters to replay, or say --all.")]
    [InlineData("deadletters replay 7 --all", "Name the dead letters to replay, or say --all, not both.")]
    public void Of_SaysWhatIsWrong_InWordsOfTheCommandLine(string typed, string faults) =>
        Assert.Equal(faults.Split('|'), CommandLineFaults.Of(CommandLine.Build([]).Parse(typed.Split(' '))));
}
