-- Amounts that several nodes share: money, or requests and tokens of a day, or requests at a time.
-- committed = baseline + the authority of all shares; it stays within capacity + carry.
CREATE TABLE lease_pool (
  pool TEXT NOT NULL,
  window_start BIGINT NOT NULL,
  window_end BIGINT NOT NULL,
  capacity BIGINT NOT NULL,
  carry BIGINT NOT NULL,
  baseline BIGINT NOT NULL,
  counted_from BIGINT NOT NULL,
  committed BIGINT NOT NULL,
  PRIMARY KEY (pool, window_start)
);

-- What a node took out of a pool: settled, held, and the rest of its authority, which is a lease.
CREATE TABLE lease_share (
  pool TEXT NOT NULL,
  window_start BIGINT NOT NULL,
  node TEXT NOT NULL,
  settled BIGINT NOT NULL,
  held BIGINT NOT NULL,
  authority BIGINT NOT NULL,
  renewed_at BIGINT NOT NULL,
  PRIMARY KEY (pool, window_start, node)
);
CREATE INDEX lease_share_node ON lease_share (node);

-- Rates that several nodes share. The level is in units of 1/60000, so that refills are exact.
CREATE TABLE rate_pool (
  pool TEXT PRIMARY KEY,
  level BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);

-- Counts up when settings of an area change, so that every node reads them anew.
CREATE TABLE setting_version (
  area TEXT PRIMARY KEY,
  version BIGINT NOT NULL
);
