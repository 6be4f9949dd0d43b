CREATE FUNCTION model_version_guard() RETURNS trigger LANGUAGE plpgsql AS '
BEGIN
  IF OLD.lifecycle = ''draft'' THEN
    IF TG_OP = ''DELETE'' THEN RETURN OLD; END IF;
    RETURN NEW;
  END IF;
  IF TG_OP = ''DELETE'' THEN
    RAISE EXCEPTION ''a version is kept once it is active'';
  END IF;
  IF NEW.id <> OLD.id OR NEW.family <> OLD.family OR NEW.kind <> OLD.kind
    OR NEW.manifest <> OLD.manifest OR NEW.manifest_sha256 <> OLD.manifest_sha256
    OR NEW.fingerprint <> OLD.fingerprint OR NEW.created_at <> OLD.created_at
    OR NEW.created_by <> OLD.created_by OR NEW.activated_at <> OLD.activated_at
    OR NEW.lifecycle = ''draft''
    OR (OLD.lifecycle = ''retired'' AND NEW.lifecycle <> ''retired'') THEN
    RAISE EXCEPTION ''a version never changes once it is active'';
  END IF;
  RETURN NEW;
END';
CREATE TRIGGER model_version_frozen BEFORE UPDATE OR DELETE ON model_version
  FOR EACH ROW EXECUTE FUNCTION model_version_guard();

CREATE FUNCTION alias_change_guard() RETURNS trigger LANGUAGE plpgsql AS '
BEGIN
  RAISE EXCEPTION ''the history of names never changes'';
END';
CREATE TRIGGER alias_change_frozen BEFORE UPDATE OR DELETE ON alias_change
  FOR EACH ROW EXECUTE FUNCTION alias_change_guard();
