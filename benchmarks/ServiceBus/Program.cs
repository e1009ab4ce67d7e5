using System.Globalization;
using HrNetBatch.Benchmarks.ServiceBus;

// Messages a second through the local Service Bus at 1 KB: see README.md.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
int count = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 20_000;
int runs = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 3;

Console.WriteLine("| store | run | send, 1 in flight | send, 256 in flight | send, batches of 100 | receive and complete, credit 256 |");
Console.WriteLine("|---|---|---|---|---|---|");
foreach (bool isDurable in (bool[])[true, false])
{
    for (int run = 1; run <= runs; run++)
    {
        using var broker = new BrokerProcess(isDurable);
        await using Client client = await Client.ConnectAsync(broker.Address);
        const int WarmUp = 2_000;
        await client.SendAsync(WarmUp, inFlight: 256);
        await client.ReceiveAsync(WarmUp, credit: 256);

        int few = count / 20;
        double alone = await client.SendAsync(few, inFlight: 1);
        double many = await client.SendAsync(count, inFlight: 256);
        double batches = await client.SendAsync(count, inFlight: 4, batch: 100);
        double received = await client.ReceiveAsync(few + count + (count / 100 * 100), credit: 256);
        Console.WriteLine($"| {(isDurable ? "SQLite" : "memory")} | {run} | {alone:N0} | {many:N0} | {batches:N0} | {received:N0} |");
    }
}
