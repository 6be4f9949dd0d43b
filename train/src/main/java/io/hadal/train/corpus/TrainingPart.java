package io.hadal.train.corpus;

import java.util.Locale;

/** Kinds of training samples that a mix has shares of. */
public enum TrainingPart {
  /** Files one by one. */
  CODE,
  /** Files that are mostly documentation. */
  DOCS,
  /** Exercises made from code. */
  SYNTHETIC,
  /** Files of a project together, behind what they import. */
  PROJECT;

  /** Name in files and reports. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
