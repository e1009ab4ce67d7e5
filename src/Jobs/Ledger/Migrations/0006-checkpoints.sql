-- The checkpoint of each job as its first attempt found it, so that every lane and attempt uses the same network, whatever happens to
-- the blob or the tag that the job names. It takes over from the column of plans, which only classify jobs had.
CREATE TABLE hrnet.checkpoints (
  job_id     uuid PRIMARY KEY REFERENCES hrnet.jobs (id) ON DELETE CASCADE,
  reference  text NOT NULL, -- as the arguments name it
  checkpoint text NOT NULL, -- exactly: a blob, or model:NAME@VERSION
  path       text NOT NULL, -- the blob of the weights
  etag       text,          -- the version of that blob; null for a model's, which never changes
  sha256     text,
  pinned_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);

INSERT INTO hrnet.checkpoints (job_id, reference, checkpoint, path, etag)
SELECT j.id, j.arguments ->> 'checkpoint', j.arguments ->> 'checkpoint', j.arguments ->> 'checkpoint', p.checkpoint_etag
FROM hrnet.plans p JOIN hrnet.jobs j ON j.id = p.job_id WHERE p.checkpoint_etag IS NOT NULL;

ALTER TABLE hrnet.plans DROP COLUMN checkpoint_etag;
