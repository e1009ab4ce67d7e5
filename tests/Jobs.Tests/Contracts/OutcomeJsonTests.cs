using System.Text.Json;
using HrNetBatch.Jobs.Contracts;

namespace HrNetBatch.Jobs.Tests.Contracts;

public sealed class OutcomeJsonTests
{
    [Theory]
    [MemberData(nameof(Outcomes))]
    public void Outcome_SurvivesTheWayBetweenProcesses(string json)
    {
        Outcome outcome = JsonSerializer.Deserialize<Outcome>(json, JobJson.Options)!;

        Assert.Equal(json, JsonSerializer.Serialize(outcome, JobJson.Options));
        Assert.Contains($"\"outcome\":\"{outcome.Name}\"", json, StringComparison.Ordinal);
    }

    public static TheoryData<string> Outcomes() =>
    [
        """{"outcome":"Succeeded","result":{"top1":0.5}}""",
        """{"outcome":"HandedBack","reason":"the worker stops"}""",
        """{"outcome":"Cancelled"}""",
        """{"outcome":"Failed","error":"no such checkpoint","kind":"permanent"}""",
        """{"outcome":"Failed","error":"out of memory","kind":"transient","died":true}""",
        """{"outcome":"Lost"}""",
    ];
}
