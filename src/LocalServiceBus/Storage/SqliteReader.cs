using System.Text.Json;
using HrNetBatch.LocalServiceBus.Core;
using Microsoft.Data.Sqlite;

namespace HrNetBatch.LocalServiceBus.Storage;

/// <summary>Reads everything that a broker's file holds.</summary>
internal static class SqliteReader
{
    public static IReadOnlyList<StoredEntity> Read(SqliteConnection connection)
    {
        ILookup<long, Message> messages = Query(connection, """
            SELECT id, enqueued_number, enqueued_at, message_id, session_id, state, scheduled_for, time_to_live, expires_at, delivery_count,
                   lock_token, locked_until, dead_letter_source, changed_properties, content, forward_count
            FROM messages JOIN contents USING (id) ORDER BY id
            """, row => (SqliteSchema.Parts(row.GetInt64(0)).Entity, Message(row))).ToLookup(found => found.Entity, found => found.Item2);
        ILookup<long, (string Id, byte[] State)> sessions = Query(
            connection,
            "SELECT entity, session_id, state FROM session_states",
            row => (Entity: row.GetInt64(0), State: (row.GetString(1), (byte[])row[2]))).ToLookup(found => found.Entity, found => found.State);
        ILookup<long, (string Id, DateTimeOffset Until)> seen = Query(
            connection,
            "SELECT entity, message_id, until FROM seen_ids",
            row => (Entity: row.GetInt64(0), Seen: (row.GetString(1), Time(row, 2)!.Value))).ToLookup(found => found.Entity, found => found.Seen);
        return
        [
            .. Query(
                    connection,
                    "SELECT id, name, last_number, description FROM entities",
                    row => (Id: row.GetInt64(0), Name: row.GetString(1), Last: row.GetInt64(2), Description: Text(row, 3)))
                .Select(entity => new StoredEntity(
                    entity.Name,
                    entity.Last,
                    [.. messages[entity.Id]],
                    sessions[entity.Id].ToDictionary(session => session.Id, session => session.State),
                    seen[entity.Id].ToDictionary(id => id.Id, id => id.Until))
                {
                    Description = entity.Description is { } text ? Description(entity.Name, text) : null,
                }),
        ];
    }

    private static Message Message(SqliteDataReader row) => new()
    {
        SequenceNumber = SqliteSchema.Parts(row.GetInt64(0)).Number,
        EnqueuedSequenceNumber = row.GetInt64(1),
        EnqueuedAt = Time(row, 2)!.Value,
        MessageId = row.GetString(3),
        SessionId = Text(row, 4),
        State = (MessageState)row.GetInt32(5),
        ScheduledFor = Time(row, 6),
        TimeToLive = row.IsDBNull(7) ? null : TimeSpan.FromTicks(row.GetInt64(7)),
        ExpiresAt = Time(row, 8),
        DeliveryCount = row.GetInt32(9),
        Lock = row.IsDBNull(10) ? null : new MessageLock(new Guid((byte[])row[10]), Time(row, 11)!.Value),
        DeadLetterSource = Text(row, 12),
        ChangedProperties = PropertyEncoding.Decode(row[13] as byte[]),
        Content = (byte[])row[14],
        ForwardCount = row.GetInt32(15),
    };

    private static EntityDescription Description(string entity, string text)
    {
        try
        {
            return DescriptionEncoding.Decode(text);
        }
        catch (Exception exception) when (exception is JsonException or FormatException)
        {
            throw new StoreException(
                $"The file describes '{entity}' in a way that this version of the broker cannot read ({exception.Message}). "
                + "Use the version that wrote it, or another folder.",
                exception);
        }
    }

    private static string? Text(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static DateTimeOffset? Time(SqliteDataReader row, int column) =>
        row.IsDBNull(column) ? null : new DateTimeOffset(row.GetInt64(column), TimeSpan.Zero);

    private static List<T> Query<T>(SqliteConnection connection, string sql, Func<SqliteDataReader, T> read)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        using SqliteDataReader rows = command.ExecuteReader();
        var found = new List<T>();
        while (rows.Read()) found.Add(read(rows));
        return found;
    }
}
