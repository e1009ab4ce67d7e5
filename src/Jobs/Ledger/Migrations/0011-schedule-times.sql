-- When a schedule fires next, as Hangfire has it: lets a fleet that was scaled to zero be woken in time.
-- NULL: no worker has seen it yet. infinity: never.

ALTER TABLE hrnet.schedules ADD COLUMN next_at timestamptz;
