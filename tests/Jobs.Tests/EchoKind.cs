using System.ComponentModel.DataAnnotations;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Kinds.Execution;
using Microsoft.Extensions.DependencyInjection;

namespace HrNetBatch.Jobs.Tests;

/// <summary>A kind as somebody would add it: its arguments …</summary>
public sealed record EchoArguments : IJobArguments
{
    public static string Kind => "echo";

    public static string Purpose => "says its text again";

    public static bool NeedsDevice => false;

    [Required]
    public required string Text { get; init; }

    [Range(1, 9)]
    public int Times { get; init; } = 2;
}

/// <summary>… and its handler, with what that is made of.</summary>
public sealed class EchoHandler(EchoHandler.Voice voice) : IJobHandler
{
    public static void AddServices(IServiceCollection services) => services.AddSingleton<Voice>();

    public Task<Outcome> ExecuteAsync(AttemptContext attempt, CancellationToken stop)
    {
        var arguments = attempt.ArgumentsAs<EchoArguments>();
        attempt.Worked();
        return Task.FromResult<Outcome>(Outcome.Success(new { said = voice.Say(arguments.Text, arguments.Times) }));
    }

    /// <summary>Something that only this handler needs.</summary>
    public sealed class Voice
    {
        public string Say(string text, int times) => string.Join(' ', Enumerable.Repeat(text, times));
    }
}
