-- Requests that are submitted again and again.

CREATE TABLE hrnet.schedules (
  name       text PRIMARY KEY,
  cron       text NOT NULL,
  request    jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
