using HrNetBatch.LocalStack;
using Xunit;

namespace HrNetBatch.TestKit;

/// <summary>What a test does when a real service that it needs cannot start: skip on a laptop, fail where CI=true.</summary>
public static class RequiredService
{
    /// <summary>Awaits the start of a service.</summary>
    /// <param name="name">What the message calls it.</param>
    /// <param name="start">Its start.</param>
    public static async Task<T> StartedAsync<T>(string name, Task<T> start)
    {
        try
        {
            return await start;
        }
        catch (LocalStackException exception) when (Environment.GetEnvironmentVariable("CI") is not ("true" or "1"))
        {
            Assert.Skip($"{name} cannot start here: {exception.Message}");
            throw;
        }
    }
}
