namespace HrNetBatch.Conformance.Tests;

public sealed class PythonTests(PythonClients clients) : IClassFixture<PythonClients>
{
    public static TheoryData<string> Names => [.. Scenario.OfPython.Select(scenario => scenario.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public Task APythonClient_FindsThat(string scenario) => clients.RunAsync(Scenario.OfPython.Single(one => one.Name == scenario));
}
