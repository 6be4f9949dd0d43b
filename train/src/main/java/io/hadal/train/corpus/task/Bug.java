package io.hadal.train.corpus.task;

import java.util.List;

/**
 * A change that breaks correct code.
 *
 * @param kind what mistake it is, in a few words
 * @param edits the change
 * @param right the code as it was
 * @param wrong the code after the change; empty when something is missing
 */
record Bug(String kind, List<Edit> edits, String right, String wrong) {
  static Bug of(String kind, Edit edit, String right, String wrong) {
    return new Bug(kind, List.of(edit), right, wrong);
  }

  /** The mistake and its remedy as a sentence. */
  String explanation() {
    String good = oneLine(right);
    return wrong.isEmpty()
        ? kind + ": `" + good + "` is missing."
        : kind + ": `" + oneLine(wrong) + "` should be `" + good + "`.";
  }

  private static String oneLine(String code) {
    return code.strip().replaceAll("\\s+", " ");
  }
}
