-- Times are milliseconds since 1970, flags 0 or 1, structures JSON.
CREATE TABLE org (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  status TEXT NOT NULL,
  data_key_id TEXT,
  created_at BIGINT NOT NULL
);

CREATE TABLE team (
  id TEXT PRIMARY KEY,
  org_id TEXT NOT NULL REFERENCES org(id),
  name TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  UNIQUE (org_id, name)
);

CREATE TABLE project (
  id TEXT PRIMARY KEY,
  org_id TEXT NOT NULL REFERENCES org(id),
  team_id TEXT NOT NULL REFERENCES team(id),
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  status TEXT NOT NULL,
  policy TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  UNIQUE (org_id, slug)
);

CREATE TABLE principal (
  id TEXT PRIMARY KEY,
  org_id TEXT NOT NULL REFERENCES org(id),
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  email TEXT,
  oidc_subject TEXT UNIQUE,
  password TEXT,
  status TEXT NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE role_grant (
  principal_id TEXT NOT NULL REFERENCES principal(id),
  scope_type TEXT NOT NULL,
  scope_id TEXT NOT NULL,
  role TEXT NOT NULL,
  source TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (principal_id, scope_type, scope_id, role)
);

CREATE TABLE api_key (
  id TEXT PRIMARY KEY,
  kid TEXT NOT NULL UNIQUE,
  project_id TEXT NOT NULL REFERENCES project(id),
  principal_id TEXT REFERENCES principal(id),
  name TEXT NOT NULL,
  last4 TEXT NOT NULL,
  secret_mac TEXT NOT NULL,
  pepper INTEGER NOT NULL,
  previous_mac TEXT,
  previous_pepper INTEGER,
  previous_until BIGINT,
  scopes TEXT NOT NULL,
  models TEXT NOT NULL,
  addresses TEXT NOT NULL,
  limits TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT,
  revoked_at BIGINT,
  last_used_at BIGINT
);
CREATE INDEX api_key_project ON api_key (project_id);

CREATE TABLE session (
  token_hash TEXT PRIMARY KEY,
  principal_id TEXT NOT NULL REFERENCES principal(id),
  csrf TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
