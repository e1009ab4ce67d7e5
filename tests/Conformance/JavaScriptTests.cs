namespace HrNetBatch.Conformance.Tests;

public sealed class JavaScriptTests(JavaScriptClient client) : IClassFixture<JavaScriptClient>
{
    public static TheoryData<string> Names => [.. Scenario.OfJavaScript.Select(scenario => scenario.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public Task TheOfficialClient_FindsThat(string scenario) => client.RunAsync(Scenario.OfJavaScript.Single(one => one.Name == scenario));
}
