package io.hadal.kernels;

import java.util.Arrays;
import java.util.function.BooleanSupplier;

/**
 * What a {@link Run} found: a kernel run until the compiler is done with it, its variants then
 * timed against each other.
 *
 * @param name of the kernel
 * @param variant chosen variant
 * @param standard the variant that would have run
 * @param rate work in a nanosecond
 * @param warm whether it is as fast as compiled code at least
 * @param nanos time spent on it
 */
public record KernelTrial(
    String name, String variant, String standard, double rate, boolean warm, long nanos) {
  /** Calls after which C2 has been asked for, with a margin (Tier4InvocationThreshold is 5000). */
  private static final int COMPILED_RUNS = 6000;

  /** Time without progress for which C2 may still be busy with others' code. */
  private static final long QUIET_NANOS = 700_000_000;

  private static final int ROUNDS = 9;

  /**
   * Another variant has to be this much faster. Bad code is 5 to 50 times slower, and a difference
   * that is no more than one of shapes must not decide for all of them.
   */
  private static final double CLEARLY = 2.5;

  /** A compiled kernel of a slow machine is not that far below the floor. */
  private static final double SLOW = 0.25;

  /**
   * Warms up one kernel and chooses its variant.
   *
   * @param limit most nanoseconds for all variants
   * @param stop true ends the trial early, without a choice
   */
  public static KernelTrial of(KernelExercise exercise, long limit, BooleanSupplier stop) {
    Run run = new Run(exercise, limit);
    while (!stop.getAsBoolean() && !run.settled()) {
      run.slice(stop);
    }
    return run.finish(stop);
  }

  /**
   * A trial in small slices, so that many kernels can take turns while the compiler works on all of
   * them. One thread uses it.
   */
  public static final class Run {
    private static final long SLICE_NANOS = 2_000_000;

    /** A variant that is compiled only has to be looked at. */
    private static final long LOOK_NANOS = 50_000;

    private final KernelExercise exercise;
    private final long limit;
    private final long[] best;
    private final int[] runs;
    // When a variant last became faster, or had not run often enough.
    private final long[] since;
    private final long[] last;
    private long spent;

    /**
     * @param limit most nanoseconds that it runs
     */
    public Run(KernelExercise exercise, long limit) {
      this.exercise = exercise;
      this.limit = limit;
      int variants = exercise.variants().size();
      this.best = new long[variants];
      this.runs = new int[variants];
      this.since = new long[variants];
      this.last = new long[variants];
      Arrays.fill(best, Long.MAX_VALUE);
    }

    /** Runs each variant that is not settled for about two milliseconds, at least once. */
    public void slice(BooleanSupplier stop) {
      for (int v = 0; v < best.length && !stop.getAsBoolean(); v++) {
        if (!settled(v)) {
          slice(v);
        }
      }
    }

    /** Runs the standard variant only: what a request waits for. */
    public void sliceStandard() {
      slice(0);
    }

    /** True when all variants are compiled, so that quiet time alone is missing. */
    public boolean waiting() {
      for (int v = 0; v < best.length; v++) {
        if (!compiled(v)) {
          return false;
        }
      }
      return true;
    }

    /** Not by runs alone: with a long queue HotSpot leaves code at tier 2 for many more of them. */
    private boolean compiled(int v) {
      return runs[v] >= COMPILED_RUNS
          && best[v] != Long.MAX_VALUE
          && exercise.work() >= exercise.floor() * best[v];
    }

    private void slice(int v) {
      long start = System.nanoTime();
      long most = compiled(v) ? LOOK_NANOS : SLICE_NANOS;
      long before = start;
      do {
        exercise.run().accept(v);
        long now = System.nanoTime();
        runs[v]++;
        long time = now - before;
        // A kernel that has rested is not settled by the time that went by.
        boolean rested = before - last[v] > QUIET_NANOS / 4;
        if (runs[v] < COMPILED_RUNS || rested || time < best[v] - best[v] / 8) {
          since[v] = now;
        }
        last[v] = now;
        best[v] = Math.min(best[v], time);
        before = now;
      } while (before - start < most);
      spent += before - start;
    }

    private boolean settled(int v) {
      long quiet = compiled(v) ? QUIET_NANOS : 4 * QUIET_NANOS;
      return runs[v] >= COMPILED_RUNS && last[v] - since[v] > quiet;
    }

    /** True when no variant gets faster any more, or the time is over. */
    public boolean settled() {
      for (int v = 0; v < best.length && spent < limit; v++) {
        if (!settled(v)) {
          return false;
        }
      }
      return true;
    }

    /** True as soon as the standard variant is as fast as only C2 makes it. */
    public boolean fast() {
      return best[0] != Long.MAX_VALUE && exercise.work() >= exercise.floor() * best[0];
    }

    /** Compares the variants and chooses, unless it was stopped. */
    public KernelTrial finish(BooleanSupplier stop) {
      int chosen = 0;
      long[] times = best;
      if (best.length > 1 && !stop.getAsBoolean()) {
        times = compare(exercise);
        for (int v = 1; v < times.length; v++) {
          if (times[v] * CLEARLY < times[chosen]) {
            chosen = v;
          }
        }
        exercise.choose().accept(chosen);
      }
      double rate = (double) exercise.work() / Math.max(1, times[chosen]);
      return new KernelTrial(
          exercise.name(),
          exercise.variants().get(chosen),
          exercise.variants().getFirst(),
          rate,
          rate >= exercise.floor() * SLOW,
          spent);
    }
  }

  /** Medians of alternating runs. */
  private static long[] compare(KernelExercise exercise) {
    int variants = exercise.variants().size();
    long[][] times = new long[variants][ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
      for (int v = 0; v < variants; v++) {
        long before = System.nanoTime();
        exercise.run().accept(v);
        times[v][round] = System.nanoTime() - before;
      }
    }
    long[] medians = new long[variants];
    for (int v = 0; v < variants; v++) {
      Arrays.sort(times[v]);
      medians[v] = times[v][ROUNDS / 2];
    }
    return medians;
  }
}
