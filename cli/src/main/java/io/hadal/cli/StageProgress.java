package io.hadal.cli;

import io.hadal.cli.terminal.ProgressBar;
import io.hadal.cli.terminal.ProgressOption;
import io.hadal.train.corpus.Progress;
import java.io.PrintWriter;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Shows the stages of long work: a bar while one runs, a line with its duration afterwards. */
final class StageProgress implements Progress, AutoCloseable {
  private static final double NANOS = 1e9;

  private final PrintWriter err;
  private final ProgressOption option;
  private @Nullable ProgressBar bar;
  private @Nullable String stage;
  private long started;

  StageProgress(PrintWriter err, ProgressOption option) {
    this.err = err;
    this.option = option;
  }

  @Override
  public void stage(String name, long total) {
    endStage();
    stage = name;
    started = System.nanoTime();
    bar = option.start(err, name, Math.max(1, total));
  }

  @Override
  public void advance(long units) {
    if (bar != null) {
      bar.advance(units);
    }
  }

  @Override
  public void note(String line) {
    if (bar != null) {
      bar.close();
    }
    err.println(line);
    err.flush();
  }

  private void endStage() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
    if (stage != null && !option.quiet()) {
      err.printf(Locale.ROOT, "%s: %.1f s%n", stage, (System.nanoTime() - started) / NANOS);
      err.flush();
    }
    stage = null;
  }

  @Override
  public void close() {
    endStage();
  }
}
