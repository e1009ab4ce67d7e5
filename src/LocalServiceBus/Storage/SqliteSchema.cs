using System.Globalization;
using Microsoft.Data.Sqlite;

namespace HrNetBatch.LocalServiceBus.Storage;

/// <summary>The tables of a broker's file.</summary>
internal static class SqliteSchema
{
    private const long Version = 2;

    /// <summary>Times are UTC ticks; a message's id is its entity's id and its sequence number in one. Contents lie apart from what
    /// changes about a message, so that a lock on 20 MB writes a few bytes.</summary>
    private const string Tables = """
        CREATE TABLE entities(
          id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE COLLATE NOCASE, last_number INTEGER NOT NULL);
        CREATE TABLE messages(
          id INTEGER PRIMARY KEY, enqueued_number INTEGER NOT NULL, enqueued_at INTEGER NOT NULL, message_id TEXT NOT NULL,
          session_id TEXT, state INTEGER NOT NULL, scheduled_for INTEGER, time_to_live INTEGER, expires_at INTEGER,
          delivery_count INTEGER NOT NULL, lock_token BLOB, locked_until INTEGER, dead_letter_source TEXT, changed_properties BLOB);
        CREATE TABLE contents(
          id INTEGER PRIMARY KEY, content BLOB NOT NULL);
        CREATE TABLE session_states(
          entity INTEGER NOT NULL, session_id TEXT NOT NULL, state BLOB NOT NULL, PRIMARY KEY (entity, session_id)) WITHOUT ROWID;
        CREATE TABLE seen_ids(
          entity INTEGER NOT NULL, message_id TEXT NOT NULL, until INTEGER NOT NULL, PRIMARY KEY (entity, message_id)) WITHOUT ROWID;
        """;

    /// <summary>What version 2 added: entities that are made at run time, and forwarding.</summary>
    private const string Additions = """
        ALTER TABLE entities ADD COLUMN description TEXT;
        ALTER TABLE messages ADD COLUMN forward_count INTEGER NOT NULL DEFAULT 0;
        """;

    /// <summary>How many bits of a message's id its sequence number takes: 10^12 messages an entity.</summary>
    private const int NumberBits = 40;

    public static long MessageKey(long entity, long number) => (entity << NumberBits) | number;

    public static (long Entity, long Number) Parts(long key) => (key >> NumberBits, key & ((1L << NumberBits) - 1));

    public static void Prepare(SqliteConnection connection, string file)
    {
        // Exclusive: a second broker on the same file is refused instead of reading what the first has in memory.
        Execute(connection, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4000");
        using SqliteCommand read = connection.CreateCommand();
        read.CommandText = "PRAGMA user_version";
        long version = Convert.ToInt64(read.ExecuteScalar(), CultureInfo.InvariantCulture);
        if (version < Version)
        {
            using SqliteTransaction transaction = connection.BeginTransaction();
            Execute(connection, $"{(version == 0 ? Tables : "")} {Additions} PRAGMA user_version = {Version}", transaction);
            transaction.Commit();
        }
        else if (version > Version)
        {
            throw new StoreException(
                $"{file} was written by a later version of the broker ({version}; this one writes {Version}). Use that version, or another folder.");
        }
    }

    private static void Execute(SqliteConnection connection, string sql, SqliteTransaction? transaction = null)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
