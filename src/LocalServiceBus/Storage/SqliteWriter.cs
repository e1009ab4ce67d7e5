using HrNetBatch.LocalServiceBus.Core;
using Microsoft.Data.Sqlite;

namespace HrNetBatch.LocalServiceBus.Storage;

/// <summary>Writes changes, a transaction at a time, with statements that are prepared once. Used by one thread.</summary>
internal sealed class SqliteWriter : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly List<SqliteCommand> _commands = [];
    private readonly Dictionary<string, long> _entities = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<long, long> _lastNumbers = [];
    private readonly SqliteCommand _addEntity, _setLastNumber, _addMessage, _addContent, _changeMessage, _removeMessage, _removeContent;
    private readonly SqliteCommand _setSession, _removeSession, _addSeen, _removeSeen, _describe;
    private readonly SqliteCommand[] _removeEntity;

    public SqliteWriter(SqliteConnection connection)
    {
        _connection = connection;
        _addEntity = Prepare("""
            INSERT INTO entities(name, last_number) VALUES ($1, 0) ON CONFLICT (name) DO UPDATE SET name = name RETURNING id
            """, 1);
        _setLastNumber = Prepare("UPDATE entities SET last_number = max(last_number, $2) WHERE id = $1", 2);
        _addMessage = Prepare("""
            INSERT INTO messages(id, enqueued_number, enqueued_at, message_id, session_id, state, scheduled_for, time_to_live, expires_at,
              delivery_count, lock_token, locked_until, dead_letter_source, changed_properties, forward_count)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
            """, 15);
        _addContent = Prepare("INSERT INTO contents(id, content) VALUES ($1, $2)", 2);
        _changeMessage = Prepare("""
            UPDATE messages SET state = $2, delivery_count = $3, lock_token = $4, locked_until = $5, changed_properties = $6 WHERE id = $1
            """, 6);
        _removeMessage = Prepare("DELETE FROM messages WHERE id = $1", 1);
        _removeContent = Prepare("DELETE FROM contents WHERE id = $1", 1);
        _setSession = Prepare("INSERT OR REPLACE INTO session_states(entity, session_id, state) VALUES ($1, $2, $3)", 3);
        _removeSession = Prepare("DELETE FROM session_states WHERE entity = $1 AND session_id = $2", 2);
        _addSeen = Prepare("INSERT OR REPLACE INTO seen_ids(entity, message_id, until) VALUES ($1, $2, $3)", 3);
        _removeSeen = Prepare("DELETE FROM seen_ids WHERE entity = $1 AND message_id = $2", 2);
        _describe = Prepare("UPDATE entities SET description = $2 WHERE id = $1", 2);
        _removeEntity =
        [
            Prepare("DELETE FROM contents WHERE id BETWEEN $2 AND $3 AND $1 = $1", 3),
            Prepare("DELETE FROM messages WHERE id BETWEEN $2 AND $3 AND $1 = $1", 3),
            Prepare("DELETE FROM session_states WHERE entity = $1", 3),
            Prepare("DELETE FROM seen_ids WHERE entity = $1", 3),
            Prepare("DELETE FROM entities WHERE id = $1", 3),
        ];
    }

    public void Commit(List<Change> changes)
    {
        using SqliteTransaction transaction = _connection.BeginTransaction();
        foreach (SqliteCommand command in _commands) command.Transaction = transaction;
        foreach (Change change in changes) Write(change);
        foreach ((long entity, long number) in _lastNumbers) Run(_setLastNumber, entity, number);
        _lastNumbers.Clear();
        transaction.Commit();
    }

    public void Dispose()
    {
        foreach (SqliteCommand command in _commands) command.Dispose();
    }

    private void Write(Change change)
    {
        long entity = EntityId(change.Entity);
        switch (change)
        {
            case MessageAdded { Message: { } message }:
                Add(entity, message);
                break;
            case MessageChanged { Message: { } message }:
                Run(_changeMessage, SqliteSchema.MessageKey(entity, message.SequenceNumber), (long)message.State, (long)message.DeliveryCount,
                    message.Lock?.Token.ToByteArray(), message.Lock?.Until.UtcTicks, PropertyEncoding.Encode(message.ChangedProperties));
                break;
            case MessageRemoved removed:
                long key = SqliteSchema.MessageKey(entity, removed.SequenceNumber);
                Run(_removeMessage, key);
                Run(_removeContent, key);
                break;
            case SessionStateChanged { State: { } state } session:
                Run(_setSession, entity, session.SessionId, state);
                break;
            case SessionStateChanged session:
                Run(_removeSession, entity, session.SessionId);
                break;
            case MessageIdSeen seen:
                Run(_addSeen, entity, seen.MessageId, seen.Until.UtcTicks);
                break;
            case MessageIdForgotten forgotten:
                Run(_removeSeen, entity, forgotten.MessageId);
                break;
            case EntityDescribed described:
                Run(_describe, entity, DescriptionEncoding.Encode(described.Description));
                break;
            case EntityRemoved removed:
                Remove(entity, removed.Entity);
                break;
            default:
                throw new InvalidOperationException($"{change.GetType().Name} is not handled.");
        }
    }

    private void Add(long entity, Message message)
    {
        long key = SqliteSchema.MessageKey(entity, message.SequenceNumber);
        Run(_addMessage, key, message.EnqueuedSequenceNumber, message.EnqueuedAt.UtcTicks, message.MessageId, message.SessionId,
            (long)message.State, message.ScheduledFor?.UtcTicks, message.TimeToLive?.Ticks, message.ExpiresAt?.UtcTicks,
            (long)message.DeliveryCount, message.Lock?.Token.ToByteArray(), message.Lock?.Until.UtcTicks, message.DeadLetterSource,
            PropertyEncoding.Encode(message.ChangedProperties), (long)message.ForwardCount);
        Run(_addContent, key, message.Content);
        _lastNumbers[entity] = Math.Max(message.SequenceNumber, _lastNumbers.GetValueOrDefault(entity));
    }

    private void Remove(long entity, string name)
    {
        (long first, long last) = (SqliteSchema.MessageKey(entity, 0), SqliteSchema.MessageKey(entity + 1, 0) - 1);
        foreach (SqliteCommand command in _removeEntity) Run(command, entity, first, last);
        _entities.Remove(name);
        _lastNumbers.Remove(entity);
    }

    private long EntityId(string name)
    {
        if (_entities.TryGetValue(name, out long id)) return id;
        _addEntity.Parameters[0].Value = name;
        return _entities[name] = (long)_addEntity.ExecuteScalar()!;
    }

    private SqliteCommand Prepare(string sql, int parameters)
    {
        SqliteCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        for (int i = 1; i <= parameters; i++) command.Parameters.Add(new SqliteParameter($"${i}", null));
        command.Prepare();
        _commands.Add(command);
        return command;
    }

    private static void Run(SqliteCommand command, params ReadOnlySpan<object?> values)
    {
        for (int i = 0; i < values.Length; i++) command.Parameters[i].Value = values[i] ?? DBNull.Value;
        command.ExecuteNonQuery();
    }
}
