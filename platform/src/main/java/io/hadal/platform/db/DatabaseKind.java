package io.hadal.platform.db;

/** What keeps the rows. */
public enum DatabaseKind {
  /** A file, one writer at a time. */
  SQLITE,
  /** A server that several nodes share. */
  POSTGRESQL
}
