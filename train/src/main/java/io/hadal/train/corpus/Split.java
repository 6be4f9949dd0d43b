package io.hadal.train.corpus;

import java.util.Locale;

/** Part of a corpus. Training, validation and test text come from different projects. */
public enum Split {
  TRAIN,
  VALID,
  TEST,
  /** Files of the training projects that are kept out of training: how well own style is known. */
  INFILE;

  /** Name of the part's folder. */
  public String folder() {
    return name().toLowerCase(Locale.ROOT);
  }
}
