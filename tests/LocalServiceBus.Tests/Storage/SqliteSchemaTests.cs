using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Hosting;
using HrNetBatch.LocalServiceBus.Storage;
using HrNetBatch.TestKit;
using Microsoft.Data.Sqlite;

namespace HrNetBatch.LocalServiceBus.Tests.Storage;

public sealed class SqliteSchemaTests
{
    /// <summary>What version 1 wrote, with a message in the queue <c>jobs</c>.</summary>
    private const string Version1 = """
        CREATE TABLE entities(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE COLLATE NOCASE, last_number INTEGER NOT NULL);
        CREATE TABLE messages(
          id INTEGER PRIMARY KEY, enqueued_number INTEGER NOT NULL, enqueued_at INTEGER NOT NULL, message_id TEXT NOT NULL,
          session_id TEXT, state INTEGER NOT NULL, scheduled_for INTEGER, time_to_live INTEGER, expires_at INTEGER,
          delivery_count INTEGER NOT NULL, lock_token BLOB, locked_until INTEGER, dead_letter_source TEXT, changed_properties BLOB);
        CREATE TABLE contents(id INTEGER PRIMARY KEY, content BLOB NOT NULL);
        CREATE TABLE session_states(entity INTEGER NOT NULL, session_id TEXT NOT NULL, state BLOB NOT NULL, PRIMARY KEY (entity, session_id)) WITHOUT ROWID;
        CREATE TABLE seen_ids(entity INTEGER NOT NULL, message_id TEXT NOT NULL, until INTEGER NOT NULL, PRIMARY KEY (entity, message_id)) WITHOUT ROWID;
        INSERT INTO entities VALUES (1, 'jobs', 7);
        INSERT INTO messages VALUES ((1 << 40) | 7, 7, 638000000000000000, 'old', NULL, 0, NULL, NULL, NULL, 2, NULL, NULL, NULL, NULL);
        INSERT INTO contents VALUES ((1 << 40) | 7, x'00');
        PRAGMA user_version = 1;
        """;

    [Fact]
    public async Task AFileOfTheFirstVersion_IsTakenUp_WithItsMessages()
    {
        using var folder = new TemporaryFolder();
        Write(folder.File("messages.db"), Version1);
        await using (ServiceBusServer server = await StartAsync(folder.Path))
        {
            Message message = Assert.Single(await server.Broker.Find("jobs").PeekAsync(0, 10));
            Assert.Equal(("old", 7, 2, 0), (message.MessageId, message.SequenceNumber, message.DeliveryCount, message.ForwardCount));
            Assert.Equal((long[])[8], await server.Broker.Find("jobs").SendAsync([new IncomingMessage([], "new")]));
        }
        await using ServiceBusServer again = await StartAsync(folder.Path);
        Assert.Equal(["old", "new"], (await again.Broker.Find("jobs").PeekAsync(0, 10)).Select(message => message.MessageId));
    }

    [Fact]
    public async Task AFileOfALaterVersion_IsRefused()
    {
        using var folder = new TemporaryFolder();
        Write(folder.File("messages.db"), "PRAGMA user_version = 99;");
        StoreException refused = await Assert.ThrowsAsync<StoreException>(() => StartAsync(folder.Path));
        Assert.Contains("later version of the broker (99;", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADescriptionThatCannotBeRead_IsNamed()
    {
        using var folder = new TemporaryFolder();
        await using (await StartAsync(folder.Path))
        {
        }
        Write(folder.File("messages.db"), "UPDATE entities SET description = '{}' WHERE name = 'jobs'");
        StoreException refused = await Assert.ThrowsAsync<StoreException>(() => StartAsync(folder.Path));
        Assert.Contains("'jobs'", refused.Message, StringComparison.Ordinal);
    }

    private static Task<ServiceBusServer> StartAsync(string folder) => ServiceBusServer.StartAsync(new ServiceBusOptions
    {
        Entities = new BrokerDefinition { Queues = [new QueueDefinition("jobs", new EntityOptions())] },
        Folder = folder,
        Port = 0,
    });

    private static void Write(string file, string sql)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString());
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
