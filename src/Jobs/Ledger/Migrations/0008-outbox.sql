-- What happened to jobs, for those who listen: written by the database itself in the transaction of each change, whoever makes it, and
-- deleted once it is published. Nothing is written unless some worker said lately that it publishes.

CREATE TABLE hrnet.outbox (
  position      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- of one job in the order of its changes: they wait for each other's locks
  id            uuid NOT NULL DEFAULT gen_random_uuid(),
  job_id        uuid NOT NULL,                                   -- no reference: an event outlives its job
  event         text NOT NULL CHECK (event IN ('started', 'progressed', 'succeeded', 'failed', 'cancelled')),
  at            timestamptz NOT NULL,
  kind          text NOT NULL,
  state         text NOT NULL,
  attempt_count integer NOT NULL,
  done_count    bigint NOT NULL,
  total_count   bigint,
  activity      text,
  result        jsonb,
  error         text,
  follows       uuid,
  schedule      text,
  trace_parent  text,
  trace_state   text
);

CREATE INDEX outbox_job ON hrnet.outbox (job_id, position);

-- At most one row; the newest word of the workers that publish.
CREATE TABLE hrnet.outbox_demand (
  singleton         boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  wanted_until      timestamptz NOT NULL,
  progress_interval interval NOT NULL
);

ALTER TABLE hrnet.jobs ADD COLUMN event_at timestamptz; -- the last event, so that progress is told now and then only

CREATE FUNCTION hrnet.note_event(happened text, job hrnet.jobs) RETURNS boolean LANGUAGE plpgsql AS $function$
BEGIN
  INSERT INTO hrnet.outbox (job_id, event, at, kind, state, attempt_count, done_count, total_count, activity, result, error, follows, schedule, trace_parent, trace_state)
  SELECT job.id, happened, clock_timestamp(), job.kind, job.state, job.attempt_count, job.done_count, job.total_count, job.activity, job.result, job.error,
         job.follows, job.schedule, job.trace_parent, job.trace_state
  FROM hrnet.outbox_demand d
  WHERE d.wanted_until > clock_timestamp()
    AND (happened <> 'progressed' OR job.event_at IS NULL OR job.event_at + d.progress_interval <= clock_timestamp());
  RETURN FOUND;
END
$function$;

CREATE FUNCTION hrnet.note_change() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
  IF hrnet.note_event(
    CASE
      WHEN NEW.state = OLD.state THEN 'progressed'
      WHEN NEW.state = 'Running' THEN 'started'
      ELSE lower(NEW.state)
    END, NEW)
  THEN
    NEW.event_at := clock_timestamp();
  END IF;
  RETURN NEW;
END
$function$;

CREATE TRIGGER note_change BEFORE UPDATE ON hrnet.jobs FOR EACH ROW
WHEN ((NEW.state <> OLD.state AND NEW.state IN ('Running', 'Succeeded', 'Failed', 'Cancelled'))
   OR (NEW.state = 'Running' AND OLD.state = 'Running'
       AND (NEW.done_count, NEW.total_count, NEW.activity) IS DISTINCT FROM (OLD.done_count, OLD.total_count, OLD.activity)))
EXECUTE FUNCTION hrnet.note_change();

-- A follower that its parent's result does not fit is born failed.
CREATE FUNCTION hrnet.note_birth() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
  PERFORM hrnet.note_event('failed', NEW);
  RETURN NULL;
END
$function$;

CREATE TRIGGER note_birth AFTER INSERT ON hrnet.jobs FOR EACH ROW WHEN (NEW.state = 'Failed') EXECUTE FUNCTION hrnet.note_birth();
