package io.hadal.cli.terminal;

import java.io.PrintWriter;
import picocli.CommandLine.Option;

/** {@code --quiet} and the decision whether progress is shown. */
public final class ProgressOption {
  /** Set by the launcher when stderr is a terminal; Java itself cannot tell. */
  private static final String TERMINAL_PROPERTY = "hadal.stderr.tty";

  @Option(
      names = {"-q", "--quiet"},
      description = "Show no progress.")
  private boolean quiet;

  public boolean quiet() {
    return quiet;
  }

  /** A bar that is seen only on a terminal and without {@code --quiet}. */
  public ProgressBar start(PrintWriter err, String label, long total) {
    return new ProgressBar(err, !quiet && Boolean.getBoolean(TERMINAL_PROPERTY), label, total);
  }
}
