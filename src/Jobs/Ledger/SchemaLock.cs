using Npgsql;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>Programs that start together and prepare the same tables take turns.</summary>
public static class SchemaLock
{
    private const long Hangfire = 0x68616E6766697265; // "hangfire"; any constant that every version of every program knows

    /// <summary>Prepares Hangfire's tables while no other program does. The lock ends with this process at the latest.</summary>
    public static T PrepareHangfire<T>(NpgsqlDataSource database, Func<T> prepare)
    {
        using NpgsqlConnection connection = database.OpenConnection();
        using var command = new NpgsqlCommand($"SELECT pg_advisory_lock({Hangfire})", connection) { CommandTimeout = 0 };
        command.ExecuteNonQuery();
        try
        {
            return prepare();
        }
        finally
        {
            command.CommandText = $"SELECT pg_advisory_unlock({Hangfire})";
            command.ExecuteNonQuery();
        }
    }
}
