-- Which attempt plans, and later finishes, a bulk job: the others take over when its lease ends.
ALTER TABLE hrnet.plans ADD COLUMN owner uuid;
-- The version of the checkpoint that every lane must use, so that all rows come from one network.
ALTER TABLE hrnet.plans ADD COLUMN checkpoint_etag text;
