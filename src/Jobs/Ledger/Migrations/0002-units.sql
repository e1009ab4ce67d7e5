-- The slices of bulk jobs, and the items that could not be processed.

CREATE TABLE hrnet.plans (
  job_id       uuid PRIMARY KEY REFERENCES hrnet.jobs (id) ON DELETE CASCADE,
  continuation text,
  next_unit    integer NOT NULL DEFAULT 0,
  item_count   bigint NOT NULL DEFAULT 0,
  completed_at timestamptz
);

CREATE TABLE hrnet.units (
  job_id       uuid NOT NULL REFERENCES hrnet.jobs (id) ON DELETE CASCADE,
  index        integer NOT NULL,
  items        bytea NOT NULL,
  item_count   integer NOT NULL,
  token        uuid,
  part         text,
  part_bytes   bigint,
  part_sha256  text,
  row_count    integer,
  failed_count integer,
  committed_at timestamptz,
  PRIMARY KEY (job_id, index)
);

CREATE INDEX units_open ON hrnet.units (job_id, index) WHERE committed_at IS NULL;

CREATE TABLE hrnet.failed_items (
  job_id    uuid NOT NULL REFERENCES hrnet.jobs (id) ON DELETE CASCADE,
  name      text COLLATE "C" NOT NULL,
  etag      text,
  reason    text NOT NULL,
  failed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (job_id, name)
);
