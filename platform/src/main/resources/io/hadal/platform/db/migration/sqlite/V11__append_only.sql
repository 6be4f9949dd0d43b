-- Append-only tables refuse changes; see V10.
CREATE TRIGGER price_book_no_update BEFORE UPDATE ON price_book BEGIN
  SELECT RAISE(ABORT, 'price_book is append-only');
END;
CREATE TRIGGER price_book_no_delete BEFORE DELETE ON price_book BEGIN
  SELECT RAISE(ABORT, 'price_book is append-only');
END;
CREATE TRIGGER ledger_tx_no_update BEFORE UPDATE ON ledger_tx BEGIN
  SELECT RAISE(ABORT, 'ledger_tx is append-only');
END;
CREATE TRIGGER ledger_tx_no_delete BEFORE DELETE ON ledger_tx BEGIN
  SELECT RAISE(ABORT, 'ledger_tx is append-only');
END;
CREATE TRIGGER ledger_entry_no_update BEFORE UPDATE ON ledger_entry BEGIN
  SELECT RAISE(ABORT, 'ledger_entry is append-only');
END;
CREATE TRIGGER ledger_entry_no_delete BEFORE DELETE ON ledger_entry BEGIN
  SELECT RAISE(ABORT, 'ledger_entry is append-only');
END;
CREATE TRIGGER ledger_account_no_update BEFORE UPDATE ON ledger_account BEGIN
  SELECT RAISE(ABORT, 'ledger_account is append-only');
END;
CREATE TRIGGER ledger_account_no_delete BEFORE DELETE ON ledger_account BEGIN
  SELECT RAISE(ABORT, 'ledger_account is append-only');
END;
CREATE TRIGGER usage_event_no_delete BEFORE DELETE ON usage_event BEGIN
  SELECT RAISE(ABORT, 'usage_event is append-only');
END;
-- What points at a person may be erased, nothing else changes.
CREATE TRIGGER usage_event_no_update BEFORE UPDATE OF
  seq, request_id, attempt, start_at, first_token_at, end_at, org_id, team_id, project_id,
  key_id, principal_id, tags, dialect, operation, alias, model_version, backend,
  upstream_request_id, outcome, status, input_uncached, cache_read, cache_write, output_text,
  output_reasoning, images, seconds, estimated, price_book_id, cost_nano, upstream_cost_nano,
  saved_nano, hold_id, hold_nano, queue_ms, token_us, hash
ON usage_event BEGIN
  SELECT RAISE(ABORT, 'usage_event is append-only');
END;
CREATE TRIGGER usage_event_erase BEFORE UPDATE OF end_user, session ON usage_event
WHEN NEW.end_user IS NOT NULL OR NEW.session IS NOT NULL BEGIN
  SELECT RAISE(ABORT, 'end users and sessions of usage_event can only be erased');
END;
-- A transaction is closed by its row: its entries are there, and sum to zero.
CREATE TRIGGER ledger_tx_balanced AFTER INSERT ON ledger_tx
WHEN (SELECT count(*) < 2 OR sum(amount_nano) <> 0 FROM ledger_entry WHERE tx_seq = NEW.seq) BEGIN
  SELECT RAISE(ABORT, 'the entries of a transaction must sum to zero');
END;
CREATE TRIGGER ledger_entry_closed BEFORE INSERT ON ledger_entry
WHEN EXISTS (SELECT 1 FROM ledger_tx WHERE seq = NEW.tx_seq) BEGIN
  SELECT RAISE(ABORT, 'the transaction is closed');
END;
