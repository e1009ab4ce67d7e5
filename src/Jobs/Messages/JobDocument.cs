using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using HrNetBatch.Jobs.Contracts;

namespace HrNetBatch.Jobs.Messages;

/// <summary>
/// Reads a job from a document that somebody wrote: <c>{"kind", "arguments", "then", "notBefore", "id"}</c>, or the body of a message
/// (docs/jobs.md), which has a <c>schemaVersion</c> and leaves the kind to the message's subject.
/// </summary>
public static class JobDocument
{
    /// <summary>The job that a document asks for, checked; without an id of its own under a new one.</summary>
    /// <param name="document">JSON in UTF-8.</param>
    /// <param name="kind">The kind where the document names none; null: it has to.</param>
    /// <param name="kinds">The kinds that there are.</param>
    /// <exception cref="JobDocumentException">It asks for none; the faults name fields and lines.</exception>
    public static JobRequest Read(ReadOnlyMemory<byte> document, string? kind, JobKinds kinds)
    {
        try
        {
            return Read(MessageJson.Decode(document, "document"), document, kind, kinds);
        }
        catch (RefusedMessageException refused)
        {
            throw new JobDocumentException([refused.Message]);
        }
    }

    private static JobRequest Read(JsonElement root, ReadOnlyMemory<byte> document, string? kind, JobKinds kinds)
    {
        JobMessageReader.CheckVersion(root, "document");
        if (KindFault(root, ref kind, kinds) is { } fault)
        {
            List<string> others = ArgumentReader.FieldFaults(typeof(Fields), root, field => field.Name is "kind" or "arguments" or "then");
            throw Refused(document, [fault, .. others]);
        }
        var chain = new MessageChain(kinds);
        JobRequest request = chain.Read(root, kind!, Guid.CreateVersion7(), typeof(Fields));
        return chain.Faults.Count == 0 ? request : throw Refused(document, chain.Faults);
    }

    private static string? KindFault(JsonElement root, ref string? kind, JobKinds kinds)
    {
        string? given = kind, named = null;
        if (root.TryGetProperty("kind", out JsonElement field) && field.ValueKind != JsonValueKind.Null)
        {
            if (field.ValueKind != JsonValueKind.String)
                return $"kind: a string is needed, this is {field.GetRawText()}";
            named = field.GetString();
        }
        string? wanted = kind = named ?? given;
        if (wanted is null)
        {
            return $"kind: is required, and is one of {kinds.Names}; "
                + "where the document is the body of a message, whose subject names the kind, give it with --kind";
        }
        if (kinds.All.All(known => known.Name != wanted))
            return $"kind: \"{wanted}\" is no kind of job; known kinds are {kinds.Names}";
        return given is not null && given != wanted ? $"kind: the document asks for {wanted}, and --kind for {given}; leave one of them out" : null;
    }

    private static JobDocumentException Refused(ReadOnlyMemory<byte> document, IEnumerable<string> faults)
    {
        ReadOnlySpan<byte> json = document.Span;
        var lines = new JsonLines(json.StartsWith("\uFEFF"u8) ? json[3..] : json);
        return new JobDocumentException([.. faults
            .Select(fault => (Line: lines.Of(fault.Split(':', 2)[0]), Fault: fault))
            .OrderBy(found => found.Line)
            .Select(found => $"line {found.Line}: {found.Fault}")]);
    }

    /// <summary>The fields of a document, beside whose names those of a message's body stand.</summary>
    private sealed record Fields
    {
        public int? SchemaVersion { get; init; }

        public Guid? Id { get; init; }

        public string? Kind { get; init; }

        public required JsonElement Arguments { get; init; }

        [MaxLength(JobMessage.MaximumFollowerCount)]
        public IReadOnlyList<JobMessageFollower> Then { get; init; } = [];

        public DateTimeOffset? NotBefore { get; init; }
    }
}

/// <summary>A document that asks for no job.</summary>
/// <param name="faults">What is wrong, each as <c>line n: field: what is wrong</c>.</param>
public sealed class JobDocumentException(IReadOnlyList<string> faults) : Exception($"This document asks for no job: {string.Join("; ", faults)}.")
{
    /// <summary>What is wrong, each as <c>line n: field: what is wrong</c>.</summary>
    public IReadOnlyList<string> Faults { get; } = faults;
}
