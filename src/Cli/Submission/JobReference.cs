using HrNetBatch.Jobs.Ledger;

namespace HrNetBatch.Cli.Submission;

/// <summary>Finds the job that somebody means: by its id, or by any part of the id that is unique.</summary>
internal static class JobReference
{
    private const int PageSize = 500;
    private const int ShortLength = 8;

    /// <summary>The end of the id: its start is the time, alike for jobs of one hour.</summary>
    public static string Short(Guid id) => id.ToString("n")[^ShortLength..];

    /// <summary>The job.</summary>
    /// <exception cref="UserException">None or several match.</exception>
    public static async Task<Job> FindAsync(JobStore jobs, string reference, CancellationToken cancellation)
    {
        if (Guid.TryParse(reference, out Guid id))
            return await jobs.FindAsync(id, cancellation) ?? throw NoSuchJob(reference);
        string fragment = reference.Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();
        if (fragment.Length < 3 || !fragment.All(char.IsAsciiHexDigitLower))
            throw new UserException($"'{reference}' is no job id and no part of one (three or more of its hexadecimal digits).", UserException.WrongRequest);

        List<Job> matches = [];
        Job? last = null;
        do
        {
            IReadOnlyList<Job> page = await jobs.ListAsync(limit: PageSize, before: last, cancellation: cancellation);
            matches.AddRange(page.Where(job => job.Id.ToString("n").Contains(fragment, StringComparison.Ordinal)));
            last = page.Count == PageSize ? page[^1] : null;
        }
        while (last is not null);

        // The end of an id is what every table shows, so an end wins over a middle.
        List<Job> ends = [.. matches.Where(job => job.Id.ToString("n").EndsWith(fragment, StringComparison.Ordinal))];
        if (ends.Count == 1) return ends[0];
        return matches.Count switch
        {
            1 => matches[0],
            0 => throw NoSuchJob(reference),
            _ => throw new UserException(
                $"'{reference}' is part of {matches.Count} job ids: {string.Join(", ", matches.Take(5).Select(job => job.Id))}. Give more digits.",
                UserException.WrongRequest),
        };
    }

    private static UserException NoSuchJob(string reference) => new($"There is no job '{reference}'. `hrnet status` lists the jobs.");
}
