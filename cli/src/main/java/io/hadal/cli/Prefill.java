package io.hadal.cli;

import io.hadal.cli.terminal.ProgressBar;
import io.hadal.engine.Session;
import java.util.Arrays;

/** Takes prompts in piece by piece, so that they can be watched and interrupted. */
final class Prefill {
  private Prefill() {}

  /**
   * Appends {@code tokens[from..]} to a session.
   *
   * @param piece tokens between two looks at the interruption
   * @throws java.util.concurrent.CancellationException when interrupted
   */
  static void run(
      Session session,
      int[] tokens,
      int from,
      int piece,
      ProgressBar bar,
      Interruption interruption) {
    int end;
    for (int i = from; i < tokens.length; i = end) {
      interruption.check();
      end = i + Math.min(tokens.length - i, piece);
      session.append(Arrays.copyOfRange(tokens, i, end));
      bar.advance(end - i);
    }
  }
}
