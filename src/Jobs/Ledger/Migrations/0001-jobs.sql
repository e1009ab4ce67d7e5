-- Jobs, the attempts at them, and the wake-up calls that are under way.
-- Times are the database's own (clock_timestamp()): the clocks of workers may be wrong.

CREATE TABLE hrnet.jobs (
  id                  uuid PRIMARY KEY,
  kind                text NOT NULL,
  arguments           jsonb NOT NULL,
  state               text NOT NULL CHECK (state IN ('Queued', 'Scheduled', 'Running', 'Succeeded', 'Cancelled', 'Failed')),
  lane_count          integer NOT NULL CHECK (lane_count > 0),
  run_at              timestamptz NOT NULL DEFAULT clock_timestamp(),
  created_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
  started_at          timestamptz,
  ended_at            timestamptz,
  cancel_requested_at timestamptz,
  attempt_count       integer NOT NULL DEFAULT 0,
  failure_count       integer NOT NULL DEFAULT 0,
  lost_count          integer NOT NULL DEFAULT 0,
  done_count          bigint NOT NULL DEFAULT 0,
  furthest_count      bigint NOT NULL DEFAULT 0, -- the highest done_count ever: an attempt that resumes starts below it
  total_count         bigint,
  activity            text,
  result              jsonb,
  error               text,
  followers           jsonb NOT NULL DEFAULT '[]',
  follows             uuid REFERENCES hrnet.jobs (id) ON DELETE SET NULL,
  schedule            text
);

-- Only jobs that can still want a worker: stays small however many have ended.
CREATE INDEX jobs_open ON hrnet.jobs (kind, run_at) WHERE state IN ('Queued', 'Scheduled', 'Running');
CREATE INDEX jobs_newest ON hrnet.jobs (created_at DESC, id DESC);
CREATE INDEX jobs_follows ON hrnet.jobs (follows) WHERE follows IS NOT NULL;
CREATE INDEX jobs_schedule ON hrnet.jobs (schedule, created_at DESC) WHERE schedule IS NOT NULL;

CREATE TABLE hrnet.attempts (
  token            uuid PRIMARY KEY,
  job_id           uuid NOT NULL REFERENCES hrnet.jobs (id) ON DELETE CASCADE,
  number           integer NOT NULL,
  lane             integer NOT NULL,
  worker           text NOT NULL,
  device           text NOT NULL,
  started_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
  lease_expires_at timestamptz NOT NULL,
  ended_at         timestamptz,
  outcome          text,
  error            text,
  UNIQUE (job_id, number),
  CHECK ((ended_at IS NULL) = (outcome IS NULL))
);

-- Two live holders of one lane are impossible whatever the code does.
CREATE UNIQUE INDEX attempts_live ON hrnet.attempts (job_id, lane) WHERE ended_at IS NULL;
CREATE INDEX attempts_expiry ON hrnet.attempts (lease_expires_at) WHERE ended_at IS NULL;

CREATE TABLE hrnet.wakes (
  job_id      uuid NOT NULL REFERENCES hrnet.jobs (id) ON DELETE CASCADE,
  lane        integer NOT NULL,
  hangfire_id text,
  woken_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (job_id, lane)
);
