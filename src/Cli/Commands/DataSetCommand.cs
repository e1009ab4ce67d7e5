using System.CommandLine;
using HrNetBatch.Cli.DataSets;
using HrNetBatch.Cli.Output;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Kinds.DataSets;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Data.Layouts;

namespace HrNetBatch.Cli.Commands;

/// <summary><c>hrnet dataset inspect|index|make</c></summary>
internal static class DataSetCommand
{
    private const string PathHelp = "Tars (train-{000..009}.tar, .tar.gz), a folder or prefix*, or a _info.json with #SPLIT; of this machine, or blob://ALIAS/container/….";

    public static Command Create() => new("dataset", "Look at data sets, index them, and make shards of folders of images.")
    {
        CreateInspect(),
        CreateIndex(),
        CreateMake(),
    };

    private static Command CreateInspect()
    {
        var path = new Argument<string>("PATH") { Description = PathHelp };
        var all = new Option<bool>("--all") { Description = "Read every sample: count them and their labels, decode the images, check the hashes of MDS shards, and list what is broken." };
        var unlabelled = new Option<bool>("--unlabelled") { Description = "The samples need no labels, as for distillation: that some have none is no fault." };
        Option<DataLayout?> layout = Layout();
        var command = new Command("inspect", "Say what a data set is: layout, shards, samples, classes, what is left out. Ends with 1 where a job would refuse it.") { path, all, unlabelled, layout };
        command.SetAction(async (parsed, interrupted) =>
        {
            await using DataPlace place = DataPlace.OpenToRead(parsed.GetRequiredValue(path), parsed.GetValue(CommandLine.Stack));
            DataSet data = await new DataSetFinder(place.Files).FindAsync(parsed.GetRequiredValue(path), parsed.GetValue(layout), interrupted);
            DataSetReport report = await DataSetReport.OfAsync(data, parsed.GetValue(all), !parsed.GetValue(unlabelled), interrupted);
            if (parsed.GetValue(CommandLine.Json)) Screen.WriteJson(report);
            else report.Show();
            if (place.Files is BlobFiles { FolderMarkerCount: > 0 and var folderCount })
                Screen.Say($"{Words.Count(folderCount, "blob stands only for a folder, and is", "blobs stand only for folders, and are")} left out.");
            return report.BrokenCount > 0 || report.Faults.Count > 0 ? 1 : 0;
        });
        return command;
    }

    private static Command CreateIndex()
    {
        var path = new Argument<string>("PATH") { Description = PathHelp };
        Option<DataLayout?> layout = Layout();
        var command = new Command("index", "Write NAME.tar.index beside each tar, so that a run resumed inside an epoch reads only what is still to come.") { path, layout };
        command.SetAction(async (parsed, interrupted) =>
        {
            await using DataPlace place = DataPlace.OpenToRead(parsed.GetRequiredValue(path), parsed.GetValue(CommandLine.Stack));
            (DataLayout found, IReadOnlyList<DataFile> tars) = await new DataSetFinder(place.Files).FindTarsAsync(parsed.GetRequiredValue(path), parsed.GetValue(layout), interrupted);
            long sampleCount = 0;
            foreach (DataFile packed in tars.Where(tar => !ShardIndexer.CanIndex(tar)))
                Screen.Warn($"{packed.Name} is compressed with gzip, which is read from its start only: no index is made. Unpack it (gunzip) to have one.");
            tars = [.. tars.Where(ShardIndexer.CanIndex)];
            foreach (DataFile tar in tars)
            {
                long count = await ShardIndexer.WriteAsync(place.Files, tar, found, interrupted);
                Screen.Say($"{tar.Name}: {Words.Count(count, "sample")} in {Words.Bytes(tar.LengthBytes)}");
                sampleCount += count;
            }
            if (parsed.GetValue(CommandLine.Json)) Screen.WriteJson(new { shards = tars.Count, samples = sampleCount });
            else Screen.WriteLine($"Indexed {Words.Count(tars.Count, "tar")} with {Words.Count(sampleCount, "sample")}.");
            return 0;
        });
        return command;
    }

    private static Command CreateMake()
    {
        var source = new Argument<string>("SOURCE") { Description = "Images to make shards of: a folder with a folder for each class, or any other data set." };
        var target = new Argument<string>("TARGET") { Description = "Folder for the shards: of this machine, or blob://ALIAS/container/prefix." };
        var split = new Option<string>("--split") { Description = "What the shards are called: NAME-000000.tar.", HelpName = "NAME", DefaultValueFactory = _ => "train" };
        var shardBytes = new Option<long>("--shard-bytes") { Description = "A shard ends when it has so many bytes.", HelpName = "N", DefaultValueFactory = _ => 128L << 20 };
        var seed = new Option<long>("--seed") { Description = "Seed of the order in which the images are dealt out.", HelpName = "N" };
        var labels = new Option<string?>("--labels") { Description = "A labels.txt with the classes' names in their order, for a split whose folders are not all of them. Default: those of the splits that are in TARGET already, else the folders, in ordinal order.", HelpName = "FILE" };
        var command = new Command("make", "Make WebDataset shards of images, mixed over all shards, with labels.txt, _info.json (splits, counts, names of the classes) and indexes.") { source, target, split, shardBytes, seed, labels };
        command.SetAction(async (parsed, interrupted) =>
        {
            string from = parsed.GetRequiredValue(source), to = parsed.GetRequiredValue(target);
            if (parsed.GetValue(shardBytes) < 1) throw new UserException("--shard-bytes must be 1 or more.", UserException.WrongRequest);
            if (!to.StartsWith(BlobPath.Scheme, StringComparison.OrdinalIgnoreCase)) LocalFile.RefuseAsFolder(to, "TARGET");
            await using DataPlace origin = DataPlace.OpenToRead(from, parsed.GetValue(CommandLine.Stack));
            await using DataPlace goal = DataPlace.Open(to, parsed.GetValue(CommandLine.Stack));
            var make = new ShardMaking(origin, goal, to)
            {
                Split = parsed.GetValue(split)!,
                ShardBytes = parsed.GetValue(shardBytes),
                Seed = parsed.GetValue(seed),
                LabelsFile = parsed.GetValue(labels),
            };
            MadeShards made = await make.RunAsync(from, interrupted);
            if (parsed.GetValue(CommandLine.Json)) Screen.WriteJson(made);
            else made.Show();
            return 0;
        });
        return command;
    }

    private static Option<DataLayout?> Layout() => new("--data-layout")
    {
        Description = "How the data lie. Default: recognised.",
        HelpName = "webDataset|imageFolder|ilsvrc|mds",
    };
}
