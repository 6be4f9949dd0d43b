package io.hadal.platform.redaction;

import java.util.function.Consumer;

/** Finds one kind of sensitive data. The time is linear in the text, whatever it holds. */
public interface Detector {
  /** Name of the kind, capital letters, digits and underscores: {@code EMAIL}. */
  String kind();

  /** Finds all places, from left to right, without overlaps. */
  void find(String text, Consumer<Finding> found);
}
