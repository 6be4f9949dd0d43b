CREATE TRIGGER model_version_frozen BEFORE UPDATE ON model_version
WHEN OLD.lifecycle <> 'draft'
  AND (NEW.id <> OLD.id OR NEW.family <> OLD.family OR NEW.kind <> OLD.kind
    OR NEW.manifest <> OLD.manifest OR NEW.manifest_sha256 <> OLD.manifest_sha256
    OR NEW.fingerprint <> OLD.fingerprint OR NEW.created_at <> OLD.created_at
    OR NEW.created_by <> OLD.created_by OR NEW.activated_at <> OLD.activated_at
    OR NEW.lifecycle = 'draft' OR (OLD.lifecycle = 'retired' AND NEW.lifecycle <> 'retired'))
BEGIN
  SELECT RAISE(ABORT, 'a version never changes once it is active');
END;

CREATE TRIGGER model_version_kept BEFORE DELETE ON model_version
WHEN OLD.lifecycle <> 'draft'
BEGIN
  SELECT RAISE(ABORT, 'a version is kept once it is active');
END;

CREATE TRIGGER alias_change_frozen BEFORE UPDATE ON alias_change
BEGIN
  SELECT RAISE(ABORT, 'the history of names never changes');
END;

CREATE TRIGGER alias_change_kept BEFORE DELETE ON alias_change
BEGIN
  SELECT RAISE(ABORT, 'the history of names is kept');
END;
