-- A train job may use a second network, its teacher, and that must stay the same one as well.
ALTER TABLE hrnet.checkpoints ADD COLUMN role text NOT NULL DEFAULT 'Main' CHECK (role IN ('Main', 'Teacher'));
ALTER TABLE hrnet.checkpoints DROP CONSTRAINT checkpoints_pkey;
ALTER TABLE hrnet.checkpoints ADD PRIMARY KEY (job_id, role);
