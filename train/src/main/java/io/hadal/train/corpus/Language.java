package io.hadal.train.corpus;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Programming language of a document, by the name of its file. */
public enum Language {
  JAVA,
  PYTHON,
  JAVASCRIPT;

  /** Name in files and options. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The language with this label, null if there is none. */
  public static @Nullable Language labelled(String label) {
    for (Language language : values()) {
      if (language.label().equals(label)) {
        return language;
      }
    }
    return null;
  }

  /** The language of a file, null if it is of none of these. */
  static @Nullable Language ofFile(String path) {
    String name = path.toLowerCase(Locale.ROOT);
    if (name.endsWith(".java")) {
      return JAVA;
    }
    if (name.endsWith(".py")) {
      return PYTHON;
    }
    return name.endsWith(".js") || name.endsWith(".mjs") ? JAVASCRIPT : null;
  }
}
