-- Keys of data, wrapped by the master key; without the wrapped form the data is lost for good.
CREATE TABLE data_key (
  id TEXT PRIMARY KEY,
  org_id TEXT NOT NULL,
  wrapped TEXT,
  master_id TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  retired_at BIGINT,
  erased_at BIGINT
);
CREATE INDEX data_key_org ON data_key (org_id);
