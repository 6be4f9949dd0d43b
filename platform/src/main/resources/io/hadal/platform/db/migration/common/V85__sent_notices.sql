-- What has been told by mail, so that it is told once, whatever the number of nodes.
CREATE TABLE sent_notice (
  kind TEXT NOT NULL,
  object TEXT NOT NULL,
  step TEXT NOT NULL,
  sent_at BIGINT NOT NULL,
  PRIMARY KEY (kind, object, step)
);
