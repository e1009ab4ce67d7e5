-- How many lanes of one kind want a worker or have one: the number of workers of one slot that KEDA should keep.
-- KEDA's postgresql scaler knows no parameters, so whoever builds the rule replaces {kind} by the kind's name (train, validate,
-- classify, export). The dashboard does the same for GET /api/backlog/KINDS. One statement, one row, one number.
--
-- Counted, by the rule of a claim (LeaseStore):
--   every lane of a job that is due and not cancelled, whether somebody works on it or not; the oldest 10,000 jobs, which are more
--   than there will be workers, so that a backlog of any length costs the same;
--   lanes that are still at work although their job would not be claimed now (cancelled, or another lane waits out a back-off);
--   schedules whose time has come: only a worker fires them. One that no worker has seen yet counts as due.
-- Not counted: jobs and retries of a later time, cancelled jobs that nobody works on, jobs that have ended.
SELECT (
  (SELECT COALESCE(sum(due.lane_count), 0) FROM (
    SELECT j.lane_count FROM hrnet.jobs j
    WHERE j.state IN ('Queued', 'Scheduled', 'Running') AND j.kind = '{kind}' AND j.run_at <= now() AND j.cancel_requested_at IS NULL
    ORDER BY j.run_at LIMIT 10000) due)
  + (SELECT count(*) FROM hrnet.attempts a JOIN hrnet.jobs j ON j.id = a.job_id
     WHERE a.ended_at IS NULL AND j.kind = '{kind}' AND (j.run_at > now() OR j.cancel_requested_at IS NOT NULL))
  + (SELECT count(*) FROM hrnet.schedules s WHERE s.request ->> 'kind' = '{kind}' AND (s.next_at IS NULL OR s.next_at <= now()))
)::bigint AS lanes
