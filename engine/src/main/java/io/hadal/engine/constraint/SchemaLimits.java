package io.hadal.engine.constraint;

import java.util.LinkedHashSet;
import java.util.Set;

/** What is done about keywords that a grammar cannot enforce: an error, or a note. */
final class SchemaLimits {
  private final boolean strict;
  private final Set<String> ignored = new LinkedHashSet<>();

  SchemaLimits(boolean strict) {
    this.strict = strict;
  }

  /** Places of keywords without effect. */
  Set<String> ignored() {
    return ignored;
  }

  void refuse(String pointer) {
    if (strict) {
      throw GrammarException.unsupported(pointer, "cannot be enforced");
    }
    ignored.add(pointer);
  }

  /** Does what may turn out impossible. */
  void enforce(String pointer, Runnable action) {
    try {
      action.run();
    } catch (GrammarException e) {
      if (strict) {
        throw GrammarException.unsupported(pointer, e.text());
      }
      ignored.add(pointer);
    }
  }
}
