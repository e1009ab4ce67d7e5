using HrNetBatch.LocalServiceBus.Core;
using Microsoft.Data.Sqlite;

namespace HrNetBatch.LocalServiceBus.Storage;

/// <summary>
/// Keeps messages in a SQLite file that survives the death of the process and of the machine. A thread of its own writes; whatever
/// operations came while it was writing share the next transaction, so that one flush of the disk serves them all.
/// </summary>
public sealed class SqliteStore : IMessageStore
{
    private readonly object _gate = new();
    private readonly SqliteConnection _connection;
    private readonly Thread _writer;
    private readonly Action<Exception> _failed;
    private Batch _forming = new();
    private Exception? _failure;
    private bool _closing;

    private SqliteStore(SqliteConnection connection, Action<Exception> failed)
    {
        (_connection, _failed) = (connection, failed);
        _writer = new Thread(WriteBatches) { Name = "broker-store", IsBackground = true };
    }

    /// <summary>Opens the file in a folder, or makes it. One broker at a time can have it open.</summary>
    /// <param name="folder">The folder, which is made where it is missing.</param>
    /// <param name="failed">Told when a write failed: nothing more is written then, and the broker must be started anew.</param>
    /// <exception cref="StoreException">Another broker has it open, or it is not a file of this version.</exception>
    public static SqliteStore Open(string folder, Action<Exception> failed)
    {
        string file = Path.Combine(folder, "messages.db");
        MakePrivate(folder, file);
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false, DefaultTimeout = 1 }.ToString());
        try
        {
            connection.Open();
            SqliteSchema.Prepare(connection, file);
        }
        catch (SqliteException exception)
        {
            connection.Dispose();
            const int Busy = 5, Locked = 6;
            throw exception.SqliteErrorCode is Busy or Locked
                ? new StoreException($"{file} is in use by another broker. Stop that one, or give this one a folder of its own.", exception)
                : new StoreException($"{file} cannot be opened ({exception.Message}). Repair or remove it, or choose another folder.", exception);
        }
        return new SqliteStore(connection, failed);
    }

    /// <summary>Messages are their senders' and receivers' affair: no other user of the machine reads them. SQLite's other files get this one's mode.</summary>
    private static void MakePrivate(string folder, string file)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
            return;
        }
        const UnixFileMode Closed = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Directory.CreateDirectory(folder, Closed | UnixFileMode.UserExecute);
        if (File.Exists(file)) File.SetUnixFileMode(file, Closed);
        else new FileStream(file, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = Closed }).Dispose();
    }

    /// <inheritdoc/>
    public IReadOnlyList<StoredEntity> Load()
    {
        IReadOnlyList<StoredEntity> entities = SqliteReader.Read(_connection);
        _writer.Start();
        return entities;
    }

    /// <inheritdoc/>
    public Task WriteAsync(IReadOnlyList<Change> changes)
    {
        lock (_gate)
        {
            if (_failure is not null) return Task.FromException(_failure);
            _forming.Changes.AddRange(changes);
            Monitor.Pulse(_gate);
            return _forming.Committed.Task;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _closing = true;
            Monitor.Pulse(_gate);
        }
        if (!_writer.ThreadState.HasFlag(ThreadState.Unstarted)) _writer.Join();   // it is when the file could not be read
        _connection.Dispose();
        return ValueTask.CompletedTask;
    }

    private void WriteBatches()
    {
        using var writer = new SqliteWriter(_connection);
        while (TakeBatch() is { } batch)
        {
            try
            {
                // Durability point 1. A crash before this commit returns costs operations that nobody was told of;
                // after it, answers that are on their way: clients send or settle again.
                writer.Commit(batch.Changes);
                batch.Committed.SetResult();
            }
            catch (SqliteException exception)
            {
                Fail(batch, exception);
                return;
            }
        }
    }

    private Batch? TakeBatch()
    {
        lock (_gate)
        {
            while (_forming.Changes.Count == 0 && !_closing) Monitor.Wait(_gate);
            if (_forming.Changes.Count == 0) return null;
            (Batch full, _forming) = (_forming, new Batch());
            return full;
        }
    }

    // Memory is ahead of the disk now: nothing that follows may be promised any more.
    private void Fail(Batch batch, SqliteException exception)
    {
        lock (_gate)
        {
            _failure = new StoreException(
                $"Writing {_connection.DataSource} failed ({exception.Message}). Make room or repair the disk, and start the broker again.", exception);
            batch.Committed.SetException(_failure);
            _forming.Committed.SetException(_failure);
        }
        _failed(_failure);
    }

    private sealed class Batch
    {
        public List<Change> Changes { get; } = [];

        public TaskCompletionSource Committed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
