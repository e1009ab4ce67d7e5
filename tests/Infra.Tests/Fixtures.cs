using HrNetBatch.Infra.Tests.Bicep;
using HrNetBatch.TestKit;

[assembly: AssemblyFixture(typeof(Deployments))]
[assembly: AssemblyFixture(typeof(AzuriteFixture))]
[assembly: AssemblyFixture(typeof(PostgresFixture))]
