-- What a run is called by people, and what its last validation found in detail.
CREATE TABLE hrnet.run_tags (
  job_id    uuid NOT NULL REFERENCES hrnet.jobs (id) ON DELETE CASCADE,
  tag       text NOT NULL,
  tagged_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (job_id, tag)
);
CREATE INDEX run_tags_tag ON hrnet.run_tags (tag);

CREATE TABLE hrnet.reports (
  job_id      uuid PRIMARY KEY REFERENCES hrnet.jobs (id) ON DELETE CASCADE,
  report      jsonb NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Runs are asked for newest first, among many jobs of other kinds.
CREATE INDEX jobs_runs ON hrnet.jobs (created_at DESC, id DESC) WHERE kind IN ('train', 'validate');
