using System.Data;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Dapper;
using HrNetBatch.Jobs.Contracts;
using Npgsql;
using NpgsqlTypes;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>How Dapper reads snake_case columns, jsonb and timestamptz into the ledger's records.</summary>
internal static class DapperTypes
{
#pragma warning disable CA2255 // Dapper's registrations are static; this assembly's queries need them wherever it is loaded.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Register()
    {
        DefaultTypeMap.MatchNamesWithUnderscores = true;
        SqlMapper.AddTypeHandler(new TimeHandler());
        SqlMapper.AddTypeHandler(new JsonHandler());
        SqlMapper.AddTypeHandler(new FollowersHandler());
    }

    private static void SetJson(IDbDataParameter parameter, string? json)
    {
        ((NpgsqlParameter)parameter).NpgsqlDbType = NpgsqlDbType.Jsonb;
        parameter.Value = (object?)json ?? DBNull.Value;
    }

    private sealed class TimeHandler : SqlMapper.TypeHandler<DateTimeOffset>
    {
        public override DateTimeOffset Parse(object value) => value is DateTimeOffset time ? time : new DateTimeOffset((DateTime)value);

        public override void SetValue(IDbDataParameter parameter, DateTimeOffset value) => parameter.Value = value.ToUniversalTime();
    }

    private sealed class JsonHandler : SqlMapper.TypeHandler<JsonElement>
    {
        public override JsonElement Parse(object value) => JsonSerializer.Deserialize<JsonElement>((string)value);

        public override void SetValue(IDbDataParameter parameter, JsonElement value) => SetJson(parameter, value.GetRawText());
    }

    private sealed class FollowersHandler : SqlMapper.TypeHandler<IReadOnlyList<JobRequest>>
    {
        public override IReadOnlyList<JobRequest> Parse(object value) => JsonSerializer.Deserialize<List<JobRequest>>((string)value, JobJson.Options)!;

        public override void SetValue(IDbDataParameter parameter, IReadOnlyList<JobRequest>? value) =>
            SetJson(parameter, JsonSerializer.Serialize(value ?? [], JobJson.Options));
    }
}
