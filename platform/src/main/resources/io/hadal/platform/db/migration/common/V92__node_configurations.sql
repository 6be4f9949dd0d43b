-- Which configuration a process has, so that others see that theirs differs; null for one that does
-- not say so. config_pending is 1 while a part of it waits for a restart.
ALTER TABLE node ADD COLUMN config_hash TEXT;
ALTER TABLE node ADD COLUMN config_pending INTEGER NOT NULL DEFAULT 0;
