using Npgsql;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>
/// What the death of an attempt's process says about the units that it held. The first makes them suspects, which are tried one by one,
/// image by image; the second over the same image makes that image a failed item. The caller holds the lock on the job's row.
/// </summary>
internal static class SuspectUnits
{
    /// <summary>Deaths over one image after which it is not decoded again.</summary>
    public const int DeathsOfAnImage = 2;

    // Beyond these it is not this image or that one, but the machine or the program: then deaths count as failures of the job.
    private const int MostBlamed = 16, MostStrayDeaths = 4;

    /// <summary>Notes the death.</summary>
    /// <param name="transaction">The one in which the attempt ends.</param>
    /// <param name="jobId">The job.</param>
    /// <param name="token">The attempt's.</param>
    /// <param name="reason">How its process died, for people.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>Whether it brings the search for the image further, so that it is no failure of the job.</returns>
    public static async Task<bool> NoteDeathAsync(
        NpgsqlTransaction transaction, Guid jobId, Guid token, string reason, CancellationToken cancellation) =>
        await transaction.SingleAsync<bool>(
            """
            WITH held AS (
              SELECT index FROM hrnet.units WHERE job_id = @jobId AND token = @token AND committed_at IS NULL),
            fresh AS (
              INSERT INTO hrnet.suspect_units (job_id, index) SELECT @jobId, index FROM held ON CONFLICT DO NOTHING RETURNING index),
            known AS (
              UPDATE hrnet.suspect_units s SET
                death_count = s.death_count + 1,
                blamed = CASE WHEN s.item_deaths + 1 >= @DeathsOfAnImage THEN s.blamed || s.item ELSE s.blamed END,
                reasons = CASE WHEN s.item_deaths + 1 >= @DeathsOfAnImage THEN s.reasons || @reason::text ELSE s.reasons END,
                item_deaths = CASE WHEN s.item_deaths + 1 >= @DeathsOfAnImage THEN 0 ELSE s.item_deaths + 1 END,
                is_decoding = false
              FROM held WHERE s.job_id = @jobId AND s.index = held.index AND s.is_decoding
              RETURNING cardinality(s.blamed) AS blamed_count, s.death_count)
            SELECT EXISTS (SELECT FROM fresh) OR EXISTS (
              SELECT FROM known WHERE blamed_count <= @MostBlamed AND death_count <= @DeathsOfAnImage * blamed_count + @MostStrayDeaths)
            """,
            new { jobId, token, reason = FirstLine(reason), DeathsOfAnImage, MostBlamed, MostStrayDeaths }, cancellation);

    private static string FirstLine(string reason) => reason.Split('\n', 2)[0].Replace(" Its last words:", "", StringComparison.Ordinal).TrimEnd('.', ' ');
}
