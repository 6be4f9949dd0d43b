-- As the other columns of V11.
CREATE TRIGGER usage_event_no_class BEFORE UPDATE OF priority_class ON usage_event BEGIN
  SELECT RAISE(ABORT, 'usage_event is append-only');
END;
