CREATE TABLE budget (
  id TEXT PRIMARY KEY,
  org_id TEXT,
  scope TEXT NOT NULL,
  scope_id TEXT NOT NULL,
  name TEXT NOT NULL,
  window_kind TEXT NOT NULL,
  zone TEXT NOT NULL,
  limit_nano BIGINT NOT NULL,
  soft_percents TEXT NOT NULL,
  action TEXT NOT NULL,
  downgrade_to TEXT,
  carry_over INTEGER NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL
);
CREATE INDEX budget_scope ON budget (scope, scope_id);

CREATE TABLE budget_alert (
  id TEXT NOT NULL UNIQUE,
  budget_id TEXT NOT NULL,
  subject TEXT NOT NULL,
  window_start BIGINT NOT NULL,
  percent INTEGER NOT NULL,
  settled_nano BIGINT NOT NULL,
  limit_nano BIGINT NOT NULL,
  raised_at BIGINT NOT NULL,
  PRIMARY KEY (budget_id, subject, window_start, percent)
);
CREATE INDEX budget_alert_raised ON budget_alert (raised_at);

-- Top-ups of prepaid balances; ref makes them happen once.
CREATE TABLE prepaid_credit (
  ref TEXT PRIMARY KEY,
  project_id TEXT NOT NULL,
  amount_nano BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX prepaid_credit_project ON prepaid_credit (project_id);
