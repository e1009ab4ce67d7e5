-- An open page asks every two seconds for the points that are new; without this it would read all of a long run's.

CREATE INDEX metrics_job_id_at ON hrnet.metrics (job_id, at);
