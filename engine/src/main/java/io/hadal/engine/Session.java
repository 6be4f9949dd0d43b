package io.hadal.engine;

/** Placeholder until the class lands. */
public final class Session {
  private Session() {}
}
