using HrNetBatch.TestKit;

[assembly: AssemblyFixture(typeof(PostgresFixture))]
[assembly: AssemblyFixture(typeof(AzuriteFixture))]
