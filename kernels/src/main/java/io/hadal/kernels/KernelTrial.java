package io.hadal.kernels;

import java.util.Arrays;
import java.util.function.BooleanSupplier;

/**
 * Runs a kernel until the compiler is done with it, then times its variants against each other and
 * chooses the fastest.
 *
 * @param name of the kernel
 * @param variant chosen variant
 * @param standard the variant that would have run
 * @param rate work in a nanosecond
 * @param warm whether it is as fast as compiled code at least
 * @param nanos time that all took
 */
public record KernelTrial(
    String name, String variant, String standard, double rate, boolean warm, long nanos) {
  private static final long SETTLED_NANOS = 15_000_000;
  private static final int SETTLED_RUNS = 20;
  private static final int ROUNDS = 9;

  /** Another variant has to be this much faster: near ones are a matter of the moment. */
  private static final double CLEARLY = 1.3;

  /**
   * Warms up a kernel and chooses its variant.
   *
   * @param limit most nanoseconds for one variant
   * @param stop true ends the trial early, without a choice
   */
  public static KernelTrial of(KernelExercise exercise, long limit, BooleanSupplier stop) {
    long start = System.nanoTime();
    int variants = exercise.variants().size();
    long[] best = new long[variants];
    for (int v = 0; v < variants; v++) {
      best[v] = settle(exercise, v, limit, stop);
    }
    int chosen = 0;
    if (variants > 1 && !stop.getAsBoolean()) {
      best = compare(exercise);
      for (int v = 1; v < variants; v++) {
        if (best[v] * CLEARLY < best[chosen]) {
          chosen = v;
        }
      }
      exercise.choose().accept(chosen);
    }
    double rate = (double) exercise.work() / Math.max(1, best[chosen]);
    return new KernelTrial(
        exercise.name(),
        exercise.variants().get(chosen),
        exercise.variants().getFirst(),
        rate,
        rate >= exercise.floor(),
        System.nanoTime() - start);
  }

  /** Best time of a run, once runs do not get faster any more. */
  private static long settle(
      KernelExercise exercise, int variant, long limit, BooleanSupplier stop) {
    long start = System.nanoTime();
    long best = Long.MAX_VALUE;
    long since = start;
    int runs = 0;
    while (!stop.getAsBoolean()) {
      long before = System.nanoTime();
      exercise.run().accept(variant);
      long now = System.nanoTime();
      runs++;
      if (now - before < best - best / 8) {
        since = now;
        runs = 0;
      }
      best = Math.min(best, now - before);
      boolean compiled = exercise.work() >= exercise.floor() * best;
      if (now - start > limit
          || (compiled && runs >= SETTLED_RUNS && now - since >= SETTLED_NANOS)) {
        break;
      }
    }
    return best;
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
