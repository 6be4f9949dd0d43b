CREATE TABLE rate_limit (
  id TEXT PRIMARY KEY,
  org_id TEXT,
  scope TEXT NOT NULL,
  scope_id TEXT NOT NULL,
  model TEXT,
  dimension TEXT NOT NULL,
  amount BIGINT NOT NULL,
  burst BIGINT NOT NULL,
  cache_permille INTEGER NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL
);
CREATE INDEX rate_limit_scope ON rate_limit (scope, scope_id);
