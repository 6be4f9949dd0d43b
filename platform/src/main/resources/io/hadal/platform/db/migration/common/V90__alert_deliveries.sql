-- Alerts on their way to webhook and e-mail, one row for each recipient: they outlive a process and
-- an outage of who takes them. next_at is when somebody may try (again); who tries moves it on first.
CREATE TABLE alert_delivery (
  id TEXT PRIMARY KEY,
  alert_id TEXT NOT NULL,
  rule TEXT NOT NULL,
  channel TEXT NOT NULL,
  recipient TEXT NOT NULL,
  subject TEXT NOT NULL,
  body TEXT NOT NULL,
  payload TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed')),
  attempts INTEGER NOT NULL,
  problem TEXT,
  created_at BIGINT NOT NULL,
  next_at BIGINT NOT NULL,
  ended_at BIGINT,
  UNIQUE (alert_id, channel, recipient)
);
CREATE INDEX alert_delivery_due ON alert_delivery (state, channel, next_at);
CREATE INDEX alert_delivery_created ON alert_delivery (created_at);

-- What has been told, so that it is told once, whatever the number of nodes and restarts.
CREATE TABLE alert_told (
  rule TEXT NOT NULL,
  subject TEXT NOT NULL,
  told_at BIGINT NOT NULL,
  PRIMARY KEY (rule, subject)
);
