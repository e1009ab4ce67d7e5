using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Azure.Messaging.ServiceBus;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Messages;
using HrNetBatch.Kinds;
using HrNetBatch.TestKit;

namespace HrNetBatch.Jobs.Tests.Messages;

/// <summary>Damaged messages of every kind: a job that can be stored, or a refusal that names what is wrong, in bounded time and memory.</summary>
public sealed class JobMessageMutationTests
{
    private const int MutationCount = 4000;
    private static readonly TimeSpan LongestReading = TimeSpan.FromSeconds(10);
    private static readonly JobMessageReader Reader = new(KindTable.Default);

    private static readonly (string Kind, byte[] Body)[] Messages =
    [
        ("train", """
            {"schemaVersion": 1, "arguments": {"data": "blob://local/flowers/train-{0000..0015}.tar", "validationData": "blob://local/flowers/val/", "variant": "w18",
             "labels": ["daisy", "rose"], "epochCount": 30, "output": "blob://local/runs/flowers"},
             "then": [{"kind": "validate", "arguments": {"checkpoint": "{{result.best}}", "data": "blob://local/flowers/test/"}}]}
            """u8.ToArray()),
        ("validate", """{"schemaVersion": 1, "arguments": {"checkpoint": "blob://local/runs/flowers/model_best.pth.tar", "data": "blob://local/flowers/test/"}}"""u8.ToArray()),
        ("classify", """
            {"schemaVersion": 1, "id": "0190b7a3-5c5e-7000-8000-000000000001", "notBefore": "2030-01-31T02:00:00Z", "arguments": {"input": "blob://local/photos/2030/",
             "checkpoint": "blob://local/runs/flowers/model_best.pth.tar", "output": "blob://local/results/photos-2030", "format": "jsonl", "laneCount": 4}}
            """u8.ToArray()),
        ("export", """{"schemaVersion": 1, "arguments": {"checkpoint": "blob://local/runs/flowers/model_best.pth.tar", "output": "blob://local/exports/flowers.onnx"}}"""u8.ToArray()),
    ];

    [Fact]
    public void Read_GivesARequestOrARefusal_WhateverIsDamaged()
    {
        int acceptedCount = 0, number = 0;
        foreach (Mutation mutation in Mutations.Of(Messages, MutationCount, seed: 13))
        {
            string kind = Messages[number++ % Messages.Length].Kind;
            long allocated = GC.GetAllocatedBytesForCurrentThread(), started = Stopwatch.GetTimestamp();
            try
            {
                var message = new ServiceBusMessage(mutation.Bytes) { MessageId = "m", Subject = kind, ContentType = "application/json" };
                switch (Reader.Read(message))
                {
                    case JobMessageReading.Accepted { Request: var request }:
                        acceptedCount++;
                        Assert.DoesNotContain("\\u0000", JsonSerializer.Serialize(request, JobJson.Options), StringComparison.Ordinal); // PostgreSQL takes no NUL
                        break;
                    case JobMessageReading.Refused refused:
                        Assert.NotEmpty(refused.Reason);
                        Assert.InRange(refused.Description.Length, 5, 4096);
                        break;
                }
            }
            catch (Exception other) when (other is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"{mutation.Description}: {Encoding.UTF8.GetString(mutation.Bytes)}: {other}");
            }
            Assert.True(GC.GetAllocatedBytesForCurrentThread() - allocated < 16 << 20, mutation.Description);
            Assert.True(Stopwatch.GetElapsedTime(started) < LongestReading, mutation.Description);
        }
        Assert.InRange(acceptedCount, 1, MutationCount - 1);
    }
}
