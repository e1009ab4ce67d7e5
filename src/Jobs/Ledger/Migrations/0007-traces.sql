-- The W3C trace context of whoever asked for a job: its attempts are traced under it.
ALTER TABLE hrnet.jobs ADD COLUMN trace_parent text, ADD COLUMN trace_state text;
