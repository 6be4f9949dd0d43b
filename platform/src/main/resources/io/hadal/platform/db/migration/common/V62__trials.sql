-- More of what answers in shadow are compared by; still counters only.
ALTER TABLE rollout_comparison ADD COLUMN dropped BIGINT NOT NULL DEFAULT 0;
ALTER TABLE rollout_comparison ADD COLUMN baseline_characters BIGINT NOT NULL DEFAULT 0;
ALTER TABLE rollout_comparison ADD COLUMN candidate_characters BIGINT NOT NULL DEFAULT 0;
ALTER TABLE rollout_comparison ADD COLUMN baseline_calls BIGINT NOT NULL DEFAULT 0;
ALTER TABLE rollout_comparison ADD COLUMN candidate_calls BIGINT NOT NULL DEFAULT 0;
ALTER TABLE rollout_comparison ADD COLUMN baseline_good_calls BIGINT NOT NULL DEFAULT 0;
ALTER TABLE rollout_comparison ADD COLUMN candidate_good_calls BIGINT NOT NULL DEFAULT 0;
ALTER TABLE rollout_comparison ADD COLUMN baseline_schemas BIGINT NOT NULL DEFAULT 0;
ALTER TABLE rollout_comparison ADD COLUMN candidate_schemas BIGINT NOT NULL DEFAULT 0;
ALTER TABLE rollout_comparison ADD COLUMN baseline_good_schemas BIGINT NOT NULL DEFAULT 0;
ALTER TABLE rollout_comparison ADD COLUMN candidate_good_schemas BIGINT NOT NULL DEFAULT 0;

-- When the next run of the quality probes is due, so that one node of several does it.
CREATE TABLE quality_job (
  name TEXT PRIMARY KEY,
  next_at BIGINT NOT NULL
);

-- Comparisons of two versions over a set of prompts: figures by line, no content.
CREATE TABLE upgrade_report (
  id TEXT PRIMARY KEY,
  from_version TEXT NOT NULL,
  to_version TEXT NOT NULL,
  project_id TEXT NOT NULL,
  total INTEGER NOT NULL,
  done INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed')),
  results TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  updated_at BIGINT NOT NULL
);
