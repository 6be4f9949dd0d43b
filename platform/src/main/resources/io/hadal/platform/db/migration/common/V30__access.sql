-- What bounds the policies of all projects below an organisation or team.
CREATE TABLE tenant_bound (
  scope_type TEXT NOT NULL,
  scope_id TEXT NOT NULL,
  policy TEXT,
  archived_at BIGINT,
  PRIMARY KEY (scope_type, scope_id)
);

ALTER TABLE api_key ADD COLUMN env TEXT NOT NULL DEFAULT 'l';

ALTER TABLE session ADD COLUMN last_seen_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX session_principal ON session (principal_id);
CREATE INDEX role_grant_scope ON role_grant (scope_type, scope_id);

-- Counters and marks. 'tenancy' grows with each change that a cached key has to follow.
CREATE TABLE platform_state (
  name TEXT PRIMARY KEY,
  value BIGINT NOT NULL
);
INSERT INTO platform_state (name, value) VALUES ('tenancy', 0);
