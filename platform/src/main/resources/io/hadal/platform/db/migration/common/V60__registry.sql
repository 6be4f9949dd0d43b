-- A version never changes once it is active; triggers see to that.
CREATE TABLE model_version (
  id TEXT PRIMARY KEY,
  family TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('local', 'routed')),
  manifest TEXT NOT NULL,
  manifest_sha256 TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  lifecycle TEXT NOT NULL CHECK (lifecycle IN ('draft', 'active', 'deprecated', 'retired')),
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  activated_at BIGINT,
  deprecated_at BIGINT,
  retires_at BIGINT,
  successor TEXT
);
CREATE INDEX model_version_family ON model_version (family);

-- What a name meant when. The last row of a name holds. org_id is '' for everybody.
CREATE TABLE alias_change (
  org_id TEXT NOT NULL,
  name TEXT NOT NULL,
  seq BIGINT NOT NULL,
  target_kind TEXT NOT NULL CHECK (target_kind IN ('version', 'rollout', 'none')),
  target TEXT NOT NULL,
  valid_from BIGINT NOT NULL,
  changed_by TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (org_id, name, seq)
);

CREATE TABLE rollout (
  id TEXT PRIMARY KEY,
  org_id TEXT NOT NULL,
  alias TEXT NOT NULL,
  baseline TEXT NOT NULL REFERENCES model_version(id),
  candidate TEXT NOT NULL REFERENCES model_version(id),
  mode TEXT NOT NULL CHECK (mode IN ('canary', 'shadow', 'blue_green')),
  percent INTEGER NOT NULL CHECK (percent BETWEEN 0 AND 100),
  stickiness TEXT NOT NULL CHECK (stickiness IN ('session', 'project', 'key')),
  guards TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('draft', 'running', 'promoted', 'rolled_back')),
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  started_at BIGINT,
  ended_at BIGINT
);
CREATE INDEX rollout_alias ON rollout (org_id, alias);

CREATE TABLE rollout_event (
  rollout_id TEXT NOT NULL REFERENCES rollout(id),
  seq BIGINT NOT NULL,
  at BIGINT NOT NULL,
  kind TEXT NOT NULL,
  actor TEXT NOT NULL,
  detail TEXT NOT NULL,
  PRIMARY KEY (rollout_id, seq)
);

-- Counters of answers compared in shadow, no content.
CREATE TABLE rollout_comparison (
  rollout_id TEXT PRIMARY KEY REFERENCES rollout(id),
  compared BIGINT NOT NULL,
  same_text BIGINT NOT NULL,
  same_finish BIGINT NOT NULL,
  same_calls BIGINT NOT NULL,
  baseline_failed BIGINT NOT NULL,
  candidate_failed BIGINT NOT NULL,
  baseline_tokens BIGINT NOT NULL,
  candidate_tokens BIGINT NOT NULL,
  baseline_millis BIGINT NOT NULL,
  candidate_millis BIGINT NOT NULL
);

-- What a version was seen to do, by run of the probe suite.
CREATE TABLE model_probe (
  version TEXT NOT NULL REFERENCES model_version(id),
  run_id TEXT NOT NULL,
  feature TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('passed', 'failed', 'skipped')),
  detail TEXT NOT NULL,
  millis BIGINT NOT NULL,
  probed_at BIGINT NOT NULL,
  PRIMARY KEY (version, run_id, feature)
);

-- How well a backend serves a version, by run of the quality probes.
CREATE TABLE quality_sample (
  version TEXT NOT NULL REFERENCES model_version(id),
  backend TEXT NOT NULL,
  sampled_at BIGINT NOT NULL,
  calls INTEGER NOT NULL,
  valid_calls INTEGER NOT NULL,
  questions INTEGER NOT NULL,
  exact_answers INTEGER NOT NULL,
  logprob_distance_micro BIGINT,
  failures INTEGER NOT NULL,
  PRIMARY KEY (version, backend, sampled_at)
);

-- Hashes of large files, known by size and time of change.
CREATE TABLE file_hash (
  path TEXT PRIMARY KEY,
  bytes BIGINT NOT NULL,
  modified BIGINT NOT NULL,
  sha256 TEXT NOT NULL
);
