-- The last event of each chain, and how far it has been signed.
CREATE TABLE audit_chain (
  chain TEXT PRIMARY KEY,
  seq BIGINT NOT NULL,
  hash TEXT NOT NULL,
  signed_seq BIGINT NOT NULL,
  signed_at BIGINT NOT NULL
);

-- Columns beside the record repeat it for searching; the verifier compares them.
CREATE TABLE audit_event (
  chain TEXT NOT NULL,
  seq BIGINT NOT NULL,
  ts BIGINT NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  object TEXT NOT NULL,
  record TEXT NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (chain, seq)
);
CREATE INDEX audit_event_ts ON audit_event (chain, ts);

-- Personal values whose commitments are in records: rows may go, the chain stays valid.
CREATE TABLE audit_clear (
  chain TEXT NOT NULL,
  seq BIGINT NOT NULL,
  field TEXT NOT NULL,
  salt TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (chain, seq, field)
);

CREATE TABLE audit_checkpoint (
  chain TEXT NOT NULL,
  seq BIGINT NOT NULL,
  hash TEXT NOT NULL,
  ts BIGINT NOT NULL,
  key_id TEXT NOT NULL,
  signature TEXT NOT NULL,
  PRIMARY KEY (chain, seq)
);

-- When a recurring piece of work is due; whoever moves it on does the work.
CREATE TABLE audit_job (
  name TEXT PRIMARY KEY,
  next_at BIGINT NOT NULL
);
