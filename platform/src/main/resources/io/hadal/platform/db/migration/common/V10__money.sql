-- Prices are pico-USD of a token, image, second or request; amounts are nano-USD. Nothing here is
-- updated or deleted but heads, balances and marks, which follow from the rest.
CREATE TABLE price_book (
  id BIGINT PRIMARY KEY,
  model_version TEXT NOT NULL,
  project_id TEXT,
  valid_from BIGINT NOT NULL,
  valid_to BIGINT,
  input_price BIGINT NOT NULL,
  cache_read_price BIGINT NOT NULL,
  cache_write_price BIGINT NOT NULL,
  output_price BIGINT NOT NULL,
  reasoning_price BIGINT NOT NULL,
  image_price BIGINT NOT NULL,
  second_price BIGINT NOT NULL,
  request_price BIGINT NOT NULL,
  schedule TEXT NOT NULL,
  source TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  hash TEXT NOT NULL
);
CREATE INDEX price_book_model ON price_book (model_version, valid_from);

CREATE TABLE usage_event (
  seq BIGINT NOT NULL UNIQUE,
  request_id TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  start_at BIGINT NOT NULL,
  first_token_at BIGINT NOT NULL,
  end_at BIGINT NOT NULL,
  org_id TEXT NOT NULL,
  team_id TEXT NOT NULL,
  project_id TEXT NOT NULL,
  key_id TEXT NOT NULL,
  principal_id TEXT,
  end_user TEXT,
  session TEXT,
  tags TEXT NOT NULL,
  dialect TEXT NOT NULL,
  operation TEXT NOT NULL,
  alias TEXT NOT NULL,
  model_version TEXT NOT NULL,
  backend TEXT NOT NULL,
  upstream_request_id TEXT,
  outcome TEXT NOT NULL,
  status INTEGER NOT NULL,
  input_uncached BIGINT NOT NULL,
  cache_read BIGINT NOT NULL,
  cache_write BIGINT NOT NULL,
  output_text BIGINT NOT NULL,
  output_reasoning BIGINT NOT NULL,
  images BIGINT NOT NULL,
  seconds BIGINT NOT NULL,
  estimated INTEGER NOT NULL,
  price_book_id BIGINT NOT NULL,
  cost_nano BIGINT NOT NULL,
  upstream_cost_nano BIGINT,
  saved_nano BIGINT NOT NULL,
  hold_id TEXT,
  hold_nano BIGINT NOT NULL,
  queue_ms BIGINT NOT NULL,
  token_us BIGINT NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (request_id, attempt)
);
CREATE INDEX usage_event_end ON usage_event (end_at);
CREATE INDEX usage_event_project ON usage_event (project_id, end_at);
CREATE INDEX usage_event_key ON usage_event (key_id, end_at);
CREATE INDEX usage_event_upstream ON usage_event (upstream_request_id);

CREATE TABLE ledger_account (
  id TEXT PRIMARY KEY,
  type TEXT NOT NULL,
  owner TEXT,
  currency TEXT NOT NULL
);

-- The entries of a transaction are inserted before its row, which closes it.
CREATE TABLE ledger_tx (
  seq BIGINT PRIMARY KEY,
  kind TEXT NOT NULL,
  ref TEXT NOT NULL UNIQUE,
  project_id TEXT,
  corrects TEXT REFERENCES ledger_tx(ref),
  memo TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  hash TEXT NOT NULL
);
CREATE INDEX ledger_tx_project ON ledger_tx (project_id, kind);

CREATE TABLE ledger_entry (
  tx_seq BIGINT NOT NULL REFERENCES ledger_tx(seq) DEFERRABLE INITIALLY DEFERRED,
  line INTEGER NOT NULL,
  account_id TEXT NOT NULL REFERENCES ledger_account(id),
  amount_nano BIGINT NOT NULL,
  PRIMARY KEY (tx_seq, line)
);
CREATE INDEX ledger_entry_account ON ledger_entry (account_id);

CREATE TABLE ledger_balance (
  account_id TEXT PRIMARY KEY REFERENCES ledger_account(id),
  balance_nano BIGINT NOT NULL,
  entries BIGINT NOT NULL
);

-- Last row of each chain of hashes. Whoever adds to a chain locks its head.
CREATE TABLE ledger_head (
  chain TEXT PRIMARY KEY,
  seq BIGINT NOT NULL,
  hash TEXT NOT NULL
);
INSERT INTO ledger_head VALUES ('price', 0, '');
INSERT INTO ledger_head VALUES ('event', 0, '');
INSERT INTO ledger_head VALUES ('transaction', 0, '');

-- All that a node's requests took until then is in usage_event.
CREATE TABLE journal_mark (
  node TEXT PRIMARY KEY,
  segment BIGINT NOT NULL,
  position BIGINT NOT NULL,
  complete_until BIGINT NOT NULL
);
