namespace HrNetBatch.Conformance.Tests;

public sealed class ConformanceTests(OfficialClient client) : IClassFixture<OfficialClient>
{
    public static TheoryData<string> Names => [.. Scenario.All.Select(scenario => scenario.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public Task TheOfficialClient_FindsThat(string scenario) => client.RunAsync(Scenario.All.Single(one => one.Name == scenario));
}
