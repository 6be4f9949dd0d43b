package io.hadal.cli.terminal;

import java.io.PrintWriter;
import java.util.Locale;

/**
 * One line on a terminal that is redrawn as work goes on and removed at the end. Prints nothing
 * elsewhere.
 */
public final class ProgressBar implements AutoCloseable {
  private static final int WIDTH = 30;
  private static final long REDRAW_NANOS = 100_000_000;

  private final PrintWriter err;
  private final boolean visible;
  private final String label;
  private final long total;
  private long done;
  private long lastDraw;
  private boolean drawn;

  /**
   * @param visible whether anybody watches; see {@link ProgressOption}
   * @param total units of work, above 0
   */
  ProgressBar(PrintWriter err, boolean visible, String label, long total) {
    if (total < 1) {
      throw new IllegalArgumentException("no work to show: " + total);
    }
    this.err = err;
    this.visible = visible;
    this.label = label;
    this.total = total;
    this.lastDraw = System.nanoTime() - REDRAW_NANOS;
  }

  /** Notes that {@code units} more are done. */
  public void advance(long units) {
    done = Math.min(total, done + units);
    long now = System.nanoTime();
    if (visible && (now - lastDraw >= REDRAW_NANOS || done == total)) {
      lastDraw = now;
      draw();
    }
  }

  private void draw() {
    double share = (double) done / total;
    int full = (int) (share * WIDTH);
    err.printf(
        Locale.ROOT,
        "\r%s [%s%s] %3d%%",
        label,
        "=".repeat(full),
        " ".repeat(WIDTH - full),
        (int) (share * 100));
    err.flush();
    drawn = true;
  }

  /** Takes the line away until the next advance, so that other output may follow. */
  public void clear() {
    if (drawn) {
      // "Erase to the end of the line" leaves the terminal as it was before the bar.
      err.print("\r\u001b[K");
      err.flush();
      drawn = false;
    }
  }

  @Override
  public void close() {
    clear();
  }
}
