package io.hadal.model;

/** Placeholder until the class lands. */
public final class Model {
  private Model() {}
}
