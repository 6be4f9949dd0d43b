package io.hadal.train.corpus.task;

import io.hadal.train.corpus.Task;

/** The wording of exercises. */
final class TaskText {
  private TaskText() {}

  static String block(String code) {
    return "```java\n" + code.strip() + "\n```\n";
  }

  /** Every line as a comment. */
  static String comment(String text) {
    return "// " + text.strip().replace("\n", "\n// ") + "\n";
  }

  /**
   * A question about a piece of code that is answered by other code.
   *
   * @param said a line or two before the new code
   */
  static Task rewrite(
      String kind, boolean chat, String question, String code, String said, String answer) {
    return chat
        ? new Task(
            kind, question + "\n\n" + block(code), said.strip() + "\n\n" + block(answer), true)
        : new Task(
            kind,
            comment(question) + code.strip() + "\n\n",
            comment(said) + answer.strip() + "\n",
            false);
  }
}
