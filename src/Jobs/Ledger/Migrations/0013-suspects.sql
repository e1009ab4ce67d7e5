-- Units that were open when the process of an attempt died. They are tried again one by one, and their images one after the other, each
-- noted here before it is decoded, so that the image that kills is found and the rest of its unit is not lost with it.

CREATE TABLE hrnet.suspect_units (
  job_id      uuid NOT NULL,
  index       integer NOT NULL,
  item        integer,                           -- place in the unit of the last image that was begun
  is_decoding boolean NOT NULL DEFAULT false,    -- whether it is being decoded just now
  item_deaths integer NOT NULL DEFAULT 0,        -- processes that died over it, one after the other
  death_count integer NOT NULL DEFAULT 0,        -- processes that died over any image of the unit
  blamed      integer[] NOT NULL DEFAULT '{}',   -- places of the images that killed twice: they are not decoded again
  reasons     text[] NOT NULL DEFAULT '{}',      -- how, for each of them
  PRIMARY KEY (job_id, index),
  FOREIGN KEY (job_id, index) REFERENCES hrnet.units (job_id, index) ON DELETE CASCADE
);
