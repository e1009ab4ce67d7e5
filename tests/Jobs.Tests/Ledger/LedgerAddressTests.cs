using HrNetBatch.Jobs.Ledger;
using HrNetBatch.TestKit;
using Npgsql;

namespace HrNetBatch.Jobs.Tests.Ledger;

public sealed class LedgerAddressTests(PostgresFixture postgres)
{
    [Theory]
    [InlineData("postgres://hrnet:secret@127.0.0.1:5433/ledger", "Host=127.0.0.1;Port=5433;Username=hrnet;Password=secret;Database=ledger")]
    [InlineData("postgresql://hrnet@db.example.org/ledger", "Host=db.example.org;Username=hrnet;Database=ledger")]
    [InlineData("POSTGRESQL://db.example.org", "Host=db.example.org")]
    [InlineData("postgres:///ledger", "Host=localhost;Database=ledger")]
    [InlineData("postgres://u%40tenant:p%3A%2F%40@[::1]:5433/a%20b", "Host=::1;Port=5433;Username=u@tenant;Password=p:/@;Database=a b")]
    [InlineData("postgres://one:1,two:2/ledger", "Host=one:1,two:2;Database=ledger")]
    [InlineData(
        "postgres://db/ledger?sslmode=verify-full&application_name=a&connect_timeout=3&options=-c%20role%3Downer",
        "Host=db;Database=ledger;SSL Mode=VerifyFull;Application Name=a;Timeout=3;Options=-c role=owner")]
    [InlineData("postgres://db/ledger?user=u&password=p&Maximum%20Pool%20Size=8", "Host=db;Database=ledger;Username=u;Password=p;Maximum Pool Size=8")]
    [InlineData("host=db;user=u;dbname=ledger;sslmode=require", "Host=db;Username=u;Database=ledger;SSL Mode=Require")]
    public void Address_IsUnderstood_AsUriAndAsList(string text, string expected)
    {
        NpgsqlConnectionStringBuilder wanted = new(expected), read = LedgerAddress.Parse(text);

        Assert.True(wanted.EquivalentTo(read), read.ConnectionString);
    }

    [Theory]
    [InlineData("Host=db;Foo=1", "unknown keyword \"foo\"")]
    [InlineData("postgres://db/ledger?foo=1", "unknown keyword \"foo\"")]
    [InlineData("Host=db;Port=many", "value of \"port\"")]
    [InlineData("Host=db;Password=secret;Username", "cannot be read")]
    [InlineData("postgres://user:sec/ret@db/ledger", "%2F")]
    [InlineData("postgres://db/ledger?sslmode", "name=value")]
    [InlineData("host=db port=5432 dbname=secret", "separated by semicolons")]
    [InlineData("Username=secret", "names no Host")]
    [InlineData("Host=db;Minimum Pool Size=9;Maximum Pool Size=3", "does not go together")]
    [InlineData("secret", "cannot be read")]
    public void Address_IsRefusedInASentence_WithoutRepeatingAPassword(string text, string expected)
    {
        FormatException refused = Assert.Throws<FormatException>(() => LedgerAddress.Parse(text));

        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("sec/ret", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Uri_ReachesARealLedger()
    {
        await using TestDatabase database = await postgres.CreateDatabaseAsync();
        NpgsqlConnectionStringBuilder it = new(database.ConnectionString);
        string uri = $"postgres://{it.Username}:{it.Password}@{it.Host}:{it.Port}/{it.Database}";

        await using NpgsqlDataSource source = LedgerConnection.OpenForHangfire("test", new LedgerOptions { ConnectionString = uri }, null!);
        await using NpgsqlCommand command = source.CreateCommand("SELECT current_database()");

        Assert.Equal(it.Database, await command.ExecuteScalarAsync(TestContext.Current.CancellationToken));
    }
}
