package io.hadal.benchmarks.peer;

import io.hadal.benchmarks.RandomMatrix;
import io.hadal.kernels.Matrix;
import io.hadal.kernels.StorageType;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Rates of a contender's kernels on matrices that the second cache level holds, all in this
 * process. They are compiled one after the other, in the order given, and measured when all are
 * warm. Prints lines of type, tokens and rate; {@link Floors} reads them.
 */
final class KernelRates {
  private static final int COLS = 2048;

  /** A chunk of rows, as the worker pool hands out, and a rest that does not fill one. */
  private static final int ROWS = 128 + 32;

  private static final double WINDOW_NANOS = 2e6;

  private static final double MOST_WARM_UP_NANOS = 12e9;

  /** This much faster is faster, not noise. */
  private static final double FASTER = 1.05;

  private final Contender.Kernel kernel;
  private final float[] x;
  private final float[] y;
  private final int tokens;
  private final double weights;
  private int repeats = 1;

  private KernelRates(Arena arena, Contender contender, StorageType type, int tokens) {
    Matrix matrix = RandomMatrix.create(arena, type, ROWS, COLS, 1);
    kernel = contender.prepare(arena, matrix);
    x = new float[tokens * COLS];
    for (int i = 0; i < x.length; i++) {
      x[i] = (i * 37 % 101 - 50) / 50f;
    }
    y = new float[tokens * ROWS];
    this.tokens = tokens;
    weights = (double) ROWS * COLS * tokens;
  }

  static boolean supports(Contender contender, StorageType type) {
    return contender.supports(type, ROWS, COLS);
  }

  /**
   * Measures.
   *
   * @param args name of the contender; comma-separated types; comma-separated tokens; seconds of
   *     processor time for each measurement; seconds without becoming faster after which a kernel
   *     counts as compiled
   */
  public static void main(String[] args) {
    Contender contender =
        Contender.all().stream()
            .filter(c -> c.name().equals(args[0]))
            .findFirst()
            .orElseThrow(() -> new IllegalArgumentException("no contender " + args[0]));
    double nanos = Double.parseDouble(args[3]) * 1e9;
    double steady = Double.parseDouble(args[4]) * 1e9;
    Yardstick yardstick = new Yardstick();
    try (Arena arena = Arena.ofConfined()) {
      List<String> names = new ArrayList<>();
      List<KernelRates> all = new ArrayList<>();
      for (String type : args[1].split(",", -1)) {
        for (String tokens : args[2].split(",", -1)) {
          KernelRates kernel =
              new KernelRates(
                  arena, contender, StorageType.valueOf(type), Integer.parseInt(tokens));
          kernel.warmUp(yardstick, steady);
          names.add(type + " " + tokens);
          all.add(kernel);
        }
      }
      for (int i = 0; i < all.size(); i++) {
        double rate = all.get(i).best(yardstick, nanos);
        System.out.printf(Locale.ROOT, "%s %.4f%n", names.get(i), rate);
      }
    }
  }

  private void warmUp(Yardstick yardstick, double steady) {
    double best = 0;
    double spent = 0;
    double since = 0;
    while (since < steady && spent < MOST_WARM_UP_NANOS) {
      double nanos = window();
      yardstick.window();
      double rate = weights * repeats / nanos;
      spent += nanos;
      since += nanos;
      if (rate > FASTER * best) {
        best = rate;
        since = 0;
      }
      // Code in the interpreter makes one call longer than a window.
      repeats = (int) Math.clamp(repeats * WINDOW_NANOS / nanos, 1, 1 << 20);
    }
  }

  /** The best window over the yardstick's best one: the machine's drift cancels. */
  private double best(Yardstick yardstick, double nanos) {
    double best = 0;
    double reference = 0;
    for (double spent = 0; spent < nanos; ) {
      double time = window();
      spent += time;
      best = Math.max(best, weights * repeats / time);
      reference = Math.max(reference, yardstick.window());
    }
    return best / reference;
  }

  private double window() {
    long start = CpuTime.now();
    for (int i = 0; i < repeats; i++) {
      kernel.run(x, tokens, y);
    }
    return Math.max(1, CpuTime.now() - start);
  }

  /**
   * A chain in which each step needs the one before: as fast as the clock, however it was compiled.
   * A loop that C2 turns into vectors, or not, had made all kernels of a process four times as
   * fast.
   */
  private static final class Yardstick {
    private static final int STEPS = 400_000;
    private long state = 88172645463325252L;

    /** Steps a nanosecond. */
    double window() {
      long start = CpuTime.now();
      state = chain(state);
      long nanos = Math.max(1, CpuTime.now() - start);
      return (double) STEPS / nanos;
    }

    private static long chain(long x) {
      for (int i = 0; i < STEPS; i++) {
        x ^= x << 13;
        x ^= x >>> 7;
        x ^= x << 17;
      }
      return x;
    }
  }
}
