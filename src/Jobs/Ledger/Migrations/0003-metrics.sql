-- The curves of runs: one value for each name and step; a resumed attempt overwrites the steps it repeats.

CREATE TABLE hrnet.metrics (
  job_id uuid NOT NULL REFERENCES hrnet.jobs (id) ON DELETE CASCADE,
  name   text NOT NULL,
  step   bigint NOT NULL,
  value  double precision NOT NULL,
  at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (job_id, name, step)
);
