-- Rounds of a bulk job: the first is the job as it was submitted, each retry of its failed items after a success is another. Until a round
-- is finished, what the one before it found stands: its result in jobs, its failed items here, its manifest in the output.
ALTER TABLE hrnet.plans
  ADD COLUMN round               integer NOT NULL DEFAULT 0, -- the newest
  ADD COLUMN told_round          integer NOT NULL DEFAULT 0, -- the one whose result stands; before the first result 0 as well
  ADD COLUMN folder_marker_count bigint NOT NULL DEFAULT 0;  -- blobs that only stand for folders, which are no items

-- A later round takes over all failed items of the one before: what is left of that one's units is item_count - failed_count.
ALTER TABLE hrnet.units ADD COLUMN round integer NOT NULL DEFAULT 0;

ALTER TABLE hrnet.failed_items
  ADD COLUMN round integer NOT NULL DEFAULT 0,
  ADD COLUMN unit  integer; -- the unit of the same round that tries the item again, until that is committed
ALTER TABLE hrnet.failed_items DROP CONSTRAINT failed_items_pkey, ADD PRIMARY KEY (job_id, round, name);
CREATE INDEX failed_items_unit ON hrnet.failed_items (job_id, unit) WHERE unit IS NOT NULL;

-- While a job has its failed items retried, the result that stands is no news: only a success tells a result.
CREATE OR REPLACE FUNCTION hrnet.note_event(happened text, job hrnet.jobs) RETURNS boolean LANGUAGE plpgsql AS $function$
BEGIN
  INSERT INTO hrnet.outbox (job_id, event, at, kind, state, attempt_count, done_count, total_count, activity, result, error, follows, schedule, trace_parent, trace_state)
  SELECT job.id, happened, clock_timestamp(), job.kind, job.state, job.attempt_count, job.done_count, job.total_count, job.activity,
         CASE WHEN happened = 'succeeded' THEN job.result END, job.error, job.follows, job.schedule, job.trace_parent, job.trace_state
  FROM hrnet.outbox_demand d
  WHERE d.wanted_until > clock_timestamp()
    AND (happened <> 'progressed' OR job.event_at IS NULL OR job.event_at + d.progress_interval <= clock_timestamp());
  RETURN FOUND;
END
$function$;
