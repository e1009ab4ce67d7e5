using System.CommandLine;
using HrNetBatch.Endurance;

// The command line of the endurance run, and of the processes that it starts and kills.
var count = new Option<int>("--count")
{
    Description = "How many messages are sent and acknowledged, at least.",
    DefaultValueFactory = _ =>
    1_000_000
};
var kills = new Option<int>("--kills") { Description = "How many processes are killed.", DefaultValueFactory = _ => 60 };
var seed = new Option<int>("--seed") { Description = "Decides who is killed when.", DefaultValueFactory = _ => 1 };
var folder = new Argument<DirectoryInfo>("folder")
{ Description = "Where the broker's messages and the journals lie. It must be empty or missing." };
var connectionString = new Argument<string>("connection-string");
var number = new Argument<int>("number");
var each = new Argument<int>("each");

var run =
    new RootCommand("Sends messages while broker, senders and receivers are killed, and checks that none is lost or out of order.")
{
    count, kills, seed, folder,
};
run.SetAction(async (parsed, cancellationToken) =>
{
    var plan = new Plan(parsed.GetValue(count), parsed.GetValue(kills), parsed.GetValue(seed));
    Verdict verdict = await new EnduranceRun(plan, parsed.GetRequiredValue(folder).FullName, Console.WriteLine).RunAsync(cancellationToken);
    Console.WriteLine(verdict);
    return verdict.Faults.Count == 0 ? 0 : 1;
});
var send = new Command("send") { Arguments = { folder, connectionString, number, each }, Hidden = true };
send.SetAction((parsed, _) => new Sender(
    parsed.GetRequiredValue(folder).FullName, parsed.GetRequiredValue(connectionString), parsed.GetValue(number),
        parsed.GetValue(each)).RunAsync());
var receive = new Command("receive") { Arguments = { folder, connectionString }, Hidden = true };
receive.SetAction((parsed, _) => new Receiver(parsed.GetRequiredValue(folder).FullName,
    parsed.GetRequiredValue(connectionString)).RunAsync());
run.Subcommands.Add(send);
run.Subcommands.Add(receive);
return await run.Parse(args).InvokeAsync();
