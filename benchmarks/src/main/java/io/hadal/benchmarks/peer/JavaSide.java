package io.hadal.benchmarks.peer;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/** A contender doing the work: one product a run, or one for each expert with its tokens. */
final class JavaSide implements Side {
  private final String name;
  private final Work work;
  private final List<Contender.Kernel> kernels = new ArrayList<>();
  private final float[] y;
  private final int[][] slots;
  private final float[] gathered;
  private final float[] products;

  JavaSide(Arena arena, Contender contender, Work work) {
    this.name = contender.name();
    this.work = work;
    int matrices = Math.max(work.units(), work.experts());
    for (int i = 0; i < matrices; i++) {
      kernels.add(contender.prepare(arena, work.matrix(i)));
    }
    y = new float[work.tokens() * Math.max(1, work.used()) * work.rows()];
    slots = slots(work);
    int most = 0;
    for (int[] own : slots) {
      most = Math.max(most, own.length);
    }
    gathered = new float[most * work.cols()];
    products = new float[most * work.rows()];
  }

  /** For each expert the pairs of token and slot that use it, as token * used + slot. */
  private static int[][] slots(Work work) {
    List<List<Integer>> of = new ArrayList<>();
    for (int e = 0; e < work.experts(); e++) {
      of.add(new ArrayList<>());
    }
    for (int t = 0; t < work.tokens(); t++) {
      for (int s = 0; s < work.used(); s++) {
        of.get(work.expert(t, s)).add(t * work.used() + s);
      }
    }
    return of.stream()
        .map(own -> own.stream().mapToInt(Integer::intValue).toArray())
        .toArray(int[][]::new);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public long run(int unit) {
    long start = CpuTime.now();
    if (work.experts() == 0) {
      kernels.get(unit).run(work.x(), work.tokens(), y);
    } else {
      runExperts();
    }
    return CpuTime.now() - start;
  }

  private void runExperts() {
    int cols = work.cols();
    int rows = work.rows();
    for (int e = 0; e < work.experts(); e++) {
      int[] own = slots[e];
      for (int i = 0; i < own.length; i++) {
        System.arraycopy(work.x(), own[i] / work.used() * cols, gathered, i * cols, cols);
      }
      kernels.get(e).run(gathered, own.length, products);
      for (int i = 0; i < own.length; i++) {
        System.arraycopy(products, i * rows, y, own[i] * rows, rows);
      }
    }
  }

  @Override
  public float[] output() {
    return y;
  }
}
