using System.Diagnostics;
using System.Text;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Configuration;
using HrNetBatch.TestKit;

namespace HrNetBatch.Model.Tests.Configuration;

/// <summary>Damaged configurations: a recipe, or faults that name the file, in bounded time and memory.</summary>
public sealed class ExperimentMutationTests
{
    private const int MutationCount = 3000;
    private static readonly TimeSpan LongestReading = TimeSpan.FromSeconds(10);

    [Fact]
    public void Read_GivesARecipeOrFaults_WhateverIsDamaged()
    {
        (string, byte[])[] files = [.. HrNetVariant.All.Select(variant => (variant.Name, Encoding.UTF8.GetBytes(ExperimentFiles.Of(variant))))];
        int readCount = 0;
        foreach (Mutation mutation in Mutations.Of(files, MutationCount, seed: 12))
        {
            long allocated = GC.GetAllocatedBytesForCurrentThread(), started = Stopwatch.GetTimestamp();
            try
            {
                ExperimentConfig.Read(new StreamReader(new MemoryStream(mutation.Bytes)), "given.yaml");
                readCount++;
            }
            catch (ExperimentException refused)
            {
                Assert.Contains("given.yaml", refused.Message, StringComparison.Ordinal);
                Assert.InRange(refused.Faults.Count, 1, 51);
                Assert.All(refused.Faults, fault => Assert.DoesNotContain(fault, char.IsControl));
            }
            catch (Exception other)
            {
                Assert.Fail($"{mutation.Description}: {other}");
            }
            Assert.True(GC.GetAllocatedBytesForCurrentThread() - allocated < 64 << 20, mutation.Description);
            Assert.True(Stopwatch.GetElapsedTime(started) < LongestReading, mutation.Description);
        }
        Assert.InRange(readCount, 1, MutationCount - 1);
    }
}
