-- As the other columns of V11.
CREATE TRIGGER usage_event_no_class BEFORE UPDATE OF priority_class
ON usage_event FOR EACH ROW EXECUTE FUNCTION hadal_append_only();
