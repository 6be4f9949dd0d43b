package io.hadal.cli;

import io.hadal.train.TrainListener;
import io.hadal.train.graph.DraftLosses;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;

/** A line on stderr every few seconds of a training run, and one for each checkpoint. */
class StepPrinter implements TrainListener {
  private static final double NANOS = 1e9;
  private static final double SECONDS = 10;

  private final PrintWriter err;
  private final boolean quiet;
  private long last = System.nanoTime();

  StepPrinter(PrintWriter err, boolean quiet) {
    this.err = err;
    this.quiet = quiet;
  }

  @Override
  public void stepped(Step s) {
    long now = System.nanoTime();
    if ((now - last) / NANOS < SECONDS) {
      return;
    }
    last = now;
    print(
        String.format(
            Locale.ROOT,
            "step %d  %4.1f %%  %.2f M tokens  loss %.4f  %.4f bits/byte%s  %.0f tokens/s"
                + "  %.1f GFLOP/s  %s left",
            s.step(),
            100 * s.progress(),
            s.tokens() / 1e6,
            s.loss(),
            s.bitsPerByte(),
            drafts(s.drafts()),
            s.tokensPerSecond(),
            s.gigaflops(),
            time(s.secondsLeft())));
  }

  private static String drafts(DraftLosses d) {
    return d.targets() == 0
        ? ""
        : String.format(Locale.ROOT, "  drafts %.4f, %.0f %%", d.loss(), 100 * d.agreement());
  }

  @Override
  public void saved(long step) {
    print("step " + step + "  saved");
  }

  private static String time(double seconds) {
    Duration d = Duration.ofSeconds((long) seconds);
    return String.format(
        Locale.ROOT, "%d:%02d:%02d", d.toHours(), d.toMinutesPart(), d.toSecondsPart());
  }

  /** Prints a line unless the run is quiet. */
  final void print(String line) {
    if (!quiet) {
      err.println(line);
      err.flush();
    }
  }
}
