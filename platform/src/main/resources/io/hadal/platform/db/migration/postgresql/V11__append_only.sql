-- Append-only tables refuse changes; see V10.
CREATE FUNCTION hadal_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END;
$$;
CREATE TRIGGER price_book_no_update BEFORE UPDATE ON price_book
  FOR EACH ROW EXECUTE FUNCTION hadal_append_only();
CREATE TRIGGER price_book_no_delete BEFORE DELETE ON price_book
  FOR EACH ROW EXECUTE FUNCTION hadal_append_only();
CREATE TRIGGER price_book_no_truncate BEFORE TRUNCATE ON price_book
  FOR EACH STATEMENT EXECUTE FUNCTION hadal_append_only();
CREATE TRIGGER ledger_tx_no_update BEFORE UPDATE ON ledger_tx
  FOR EACH ROW EXECUTE FUNCTION hadal_append_only();
CREATE TRIGGER ledger_tx_no_delete BEFORE DELETE ON ledger_tx
  FOR EACH ROW EXECUTE FUNCTION hadal_append_only();
CREATE TRIGGER ledger_tx_no_truncate BEFORE TRUNCATE ON ledger_tx
  FOR EACH STATEMENT EXECUTE FUNCTION hadal_append_only();
CREATE TRIGGER ledger_entry_no_update BEFORE UPDATE ON ledger_entry
  FOR EACH ROW EXECUTE FUNCTION hadal_append_only();
CREATE TRIGGER ledger_entry_no_delete BEFORE DELETE ON ledger_entry
  FOR EACH ROW EXECUTE FUNCTION hadal_append_only();
CREATE TRIGGER ledger_entry_no_truncate BEFORE TRUNCATE ON ledger_entry
  FOR EACH STATEMENT EXECUTE FUNCTION hadal_append_only();
CREATE TRIGGER ledger_account_no_update BEFORE UPDATE ON ledger_account
  FOR EACH ROW EXECUTE FUNCTION hadal_append_only();
CREATE TRIGGER ledger_account_no_delete BEFORE DELETE ON ledger_account
  FOR EACH ROW EXECUTE FUNCTION hadal_append_only();
CREATE TRIGGER ledger_account_no_truncate BEFORE TRUNCATE ON ledger_account
  FOR EACH STATEMENT EXECUTE FUNCTION hadal_append_only();
CREATE TRIGGER usage_event_no_delete BEFORE DELETE ON usage_event
  FOR EACH ROW EXECUTE FUNCTION hadal_append_only();
CREATE TRIGGER usage_event_no_truncate BEFORE TRUNCATE ON usage_event
  FOR EACH STATEMENT EXECUTE FUNCTION hadal_append_only();
-- What points at a person may be erased, nothing else changes.
CREATE TRIGGER usage_event_no_update BEFORE UPDATE OF
  seq, request_id, attempt, start_at, first_token_at, end_at, org_id, team_id, project_id,
  key_id, principal_id, tags, dialect, operation, alias, model_version, backend,
  upstream_request_id, outcome, status, input_uncached, cache_read, cache_write, output_text,
  output_reasoning, images, seconds, estimated, price_book_id, cost_nano, upstream_cost_nano,
  saved_nano, hold_id, hold_nano, queue_ms, token_us, hash
ON usage_event FOR EACH ROW EXECUTE FUNCTION hadal_append_only();
CREATE TRIGGER usage_event_erase BEFORE UPDATE OF end_user, session ON usage_event
  FOR EACH ROW WHEN (NEW.end_user IS NOT NULL OR NEW.session IS NOT NULL)
  EXECUTE FUNCTION hadal_append_only();

-- A transaction is closed by its row: its entries are there, and sum to zero.
CREATE FUNCTION hadal_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT count(*) < 2 OR sum(amount_nano) <> 0
      FROM ledger_entry WHERE tx_seq = NEW.seq) THEN
    RAISE EXCEPTION 'the entries of a transaction must sum to zero';
  END IF;
  RETURN NULL;
END;
$$;
CREATE CONSTRAINT TRIGGER ledger_tx_balanced AFTER INSERT ON ledger_tx
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION hadal_balanced();
CREATE FUNCTION hadal_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM ledger_tx WHERE seq = NEW.tx_seq) THEN
    RAISE EXCEPTION 'the transaction is closed';
  END IF;
  RETURN NEW;
END;
$$;
CREATE TRIGGER ledger_entry_closed BEFORE INSERT ON ledger_entry
  FOR EACH ROW EXECUTE FUNCTION hadal_closed();
