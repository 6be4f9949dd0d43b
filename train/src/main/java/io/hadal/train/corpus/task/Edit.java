package io.hadal.train.corpus.task;

import java.util.Comparator;
import java.util.List;

/**
 * Replaces characters {@code [start, end)} of a text.
 *
 * @param text what stands there afterwards
 */
record Edit(int start, int end, String text) {
  /** Part {@code [from, to)} of a source after edits that lie inside it and do not overlap. */
  static String apply(String source, int from, int to, List<Edit> edits) {
    StringBuilder out = new StringBuilder();
    int at = from;
    for (Edit edit : edits.stream().sorted(Comparator.comparingInt(Edit::start)).toList()) {
      if (edit.start < at || edit.end > to) {
        throw new IllegalArgumentException("edits overlap or lie outside");
      }
      out.append(source, at, edit.start).append(edit.text);
      at = edit.end;
    }
    return out.append(source, at, to).toString();
  }
}
