package io.hadal.train.finetune;

import java.util.Locale;

/** What the data of a fine-tuning run is. */
public enum Format {
  /** Folders of source files. */
  CODE,
  /** Lines of JSON with prefix, suffix and middle; a folder of source files: all rearranged. */
  FIM,
  /** Lines of JSON with messages. */
  CHAT,
  /** A folder that {@code hadal corpus encode} has written. */
  ENCODED;

  /** Name in options and files. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
