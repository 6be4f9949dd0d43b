-- What other nodes have to read anew is told to them at once; they look every second as well.
CREATE FUNCTION hadal_state_signal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('hadal', NEW.name);
  RETURN NULL;
END;
$$;
CREATE TRIGGER platform_state_signal AFTER UPDATE ON platform_state
  FOR EACH ROW EXECUTE FUNCTION hadal_state_signal();
CREATE FUNCTION hadal_setting_signal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('hadal', NEW.area);
  RETURN NULL;
END;
$$;
CREATE TRIGGER setting_version_signal AFTER INSERT OR UPDATE ON setting_version
  FOR EACH ROW EXECUTE FUNCTION hadal_setting_signal();
CREATE FUNCTION hadal_node_signal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('hadal', 'node');
  RETURN NULL;
END;
$$;
CREATE TRIGGER node_signal AFTER INSERT OR DELETE ON node
  FOR EACH ROW EXECUTE FUNCTION hadal_node_signal();
CREATE TRIGGER node_drain_signal AFTER UPDATE ON node
  FOR EACH ROW WHEN (OLD.draining <> NEW.draining OR OLD.incarnation <> NEW.incarnation)
  EXECUTE FUNCTION hadal_node_signal();
