-- Processes that share this database. beats counts up every second while one lives, so that nobody
-- compares clocks of two machines; address is null for a process that only passes requests on.
CREATE TABLE node (
  name TEXT PRIMARY KEY,
  incarnation TEXT NOT NULL,
  address TEXT,
  models TEXT NOT NULL,
  version TEXT NOT NULL,
  context INTEGER NOT NULL,
  weight INTEGER NOT NULL,
  region TEXT,
  running INTEGER NOT NULL,
  waiting INTEGER NOT NULL,
  draining INTEGER NOT NULL,
  digest TEXT NOT NULL,
  digest_version BIGINT NOT NULL,
  beats BIGINT NOT NULL,
  started_at BIGINT NOT NULL,
  renewed_at BIGINT NOT NULL
);

-- Jobs at upstreams that outlive the request that began them. owner is the incarnation that holds
-- the money; when it is gone, another one books the cost as a further attempt. No prompts.
CREATE TABLE media_job (
  id TEXT PRIMARY KEY,
  project_id TEXT NOT NULL,
  backend TEXT NOT NULL,
  upstream_id TEXT NOT NULL,
  work TEXT NOT NULL,
  seconds BIGINT NOT NULL,
  upstream_cost_nano BIGINT,
  owner TEXT NOT NULL,
  status TEXT NOT NULL,
  seen TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  looked_at BIGINT NOT NULL,
  settled_at BIGINT
);
CREATE INDEX media_job_project ON media_job (project_id, created_at);
CREATE INDEX media_job_looked ON media_job (settled_at, looked_at);
