using System.Text.Json;
using HrNetBatch.Jobs.Contracts;

namespace HrNetBatch.Jobs.Messages;

/// <summary>Reads the job of a message's body and the jobs that follow it, noting every fault with its place.</summary>
internal sealed class MessageChain(JobKinds kinds)
{
    private readonly HashSet<Guid> _ids = [];

    /// <summary>What is wrong, each as <c>field: what is wrong</c>.</summary>
    public List<string> Faults { get; } = [];

    /// <summary>The job that the message asks for; worth nothing where there are <see cref="Faults"/>.</summary>
    /// <param name="body">The body, an object.</param>
    /// <param name="kind">The kind, known.</param>
    /// <param name="messageId">The job's id where the body gives none; null: there is no message id.</param>
    /// <param name="form">The record of the body's fields; null: a message's.</param>
    public JobRequest Read(JsonElement body, string kind, Guid? messageId, Type? form = null)
    {
        JobRequest request = ReadJob(body, form ?? typeof(JobMessageBody), "", messageId) with { Kind = kind };
        if (request.Arguments.ValueKind == JsonValueKind.Undefined)
            return request;
        request = request with { Arguments = PlainJson.WithoutNulls(kinds.All.Single(known => known.Name == kind).ArgumentsType, request.Arguments) };
        try
        {
            kinds.Parse(kind, request.Arguments);
        }
        catch (JobArgumentsException refused)
        {
            NoteArgumentFaults("", refused.Faults);
        }

        return request;
    }

    private JobRequest ReadFollower(JsonElement job, string path, Guid fallbackId)
    {
        JobRequest request = ReadJob(job, typeof(JobMessageFollower), path, fallbackId);
        if (kinds.All.FirstOrDefault(kind => kind.Name == request.Kind) is not { } known)
            Note(request.Kind.Length == 0 ? null : $"{path}kind: \"{request.Kind}\" is no kind of job; known kinds are {kinds.Names}");
        else if (request.Arguments.ValueKind != JsonValueKind.Undefined)
        {
            request = request with { Arguments = PlainJson.WithoutNulls(known.ArgumentsType, request.Arguments) };
            NoteArgumentFaults(path, ArgumentReader.TemplateFaults(known, request.Arguments));
        }
        return request;
    }

    private JobRequest ReadJob(JsonElement job, Type type, string path, Guid? fallbackId)
    {
        List<string> faults = ArgumentReader.FieldFaults(type, job, isLeftOut: field => field.Name == "then");
        Faults.AddRange(faults.Select(fault => path + fault));
        bool IsGiven(string name, out JsonElement value) =>
            job.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null && !faults.Any(fault => fault.StartsWith(name + ":", StringComparison.Ordinal));

        Guid id = IsGiven("id", out JsonElement given) ? given.GetGuid() : fallbackId ?? Guid.Empty;
        if (id == Guid.Empty || !_ids.Add(id))
            Note(fallbackId is null && id == Guid.Empty ? "messageId: is required, unless the body gives an id; the same id makes the same job"
                : $"{path}id: {id} is empty, or another job's of this message; each job needs an id of its own");

        return new JobRequest
        {
            Id = id,
            Kind = IsGiven("kind", out JsonElement kind) ? kind.GetString()! : "",
            Arguments = IsGiven("arguments", out JsonElement arguments) ? arguments : default,
            NotBefore = IsGiven("notBefore", out JsonElement time) ? time.GetDateTimeOffset() : null,
            Then = IsGiven("then", out JsonElement then) ? Followers(then, path, id) : [],
        };
    }

    private List<JobRequest> Followers(JsonElement then, string path, Guid parent)
    {
        if (then.ValueKind != JsonValueKind.Array || then.EnumerateArray().Any(follower => follower.ValueKind != JsonValueKind.Object))
        {
            Note($"{path}then: a list of jobs is needed, each a JSON object");
            return [];
        }

        if (then.GetArrayLength() > JobMessage.MaximumFollowerCount)
        {
            Note($"{path}then: at most {JobMessage.MaximumFollowerCount} jobs may follow one, these are {then.GetArrayLength()}");
            return [];
        }

        return [.. then.EnumerateArray().Select((follower, place) => ReadFollower(follower, $"{path}then[{place}].", JobIdentity.OfFollower(parent, place)))];
    }

    private void NoteArgumentFaults(string path, IEnumerable<string> faults) => Faults.AddRange(faults.Select(fault =>
        fault.StartsWith("arguments:", StringComparison.Ordinal) ? path + fault : $"{path}arguments.{fault}"));

    private void Note(string? fault)
    {
        if (fault is not null)
            Faults.Add(fault);
    }
}
