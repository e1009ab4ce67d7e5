-- The arguments as they were submitted, of jobs whose limit on failed items an operator has changed since; NULL: they are those of the job.
-- A message that comes once more is compared with these.
ALTER TABLE hrnet.jobs ADD COLUMN submitted_arguments jsonb;
