package io.hadal.train.graph;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** What the arithmetic units of one core can do: fused multiply-adds between registers alone. */
final class PeakRate {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int CHAINS = 12;
  private static final int REPEATS = 20;
  private static final int ROUNDS = 1_000_000;

  private float sink;

  /**
   * f32 GFLOP/s of the calling thread, the best of some short loops; two operations for each
   * multiply-add.
   */
  double gigaflops() {
    double best = 0;
    for (int i = 0; i < REPEATS; i++) {
      long began = System.nanoTime();
      sink += run(ROUNDS);
      double seconds = (System.nanoTime() - began) / 1e9;
      best = Math.max(best, 2.0 * CHAINS * SPECIES.length() * ROUNDS / seconds / 1e9);
    }
    return best;
  }

  /** Keeps the compiler from leaving the work out. */
  float sink() {
    return sink;
  }

  /** As many independent sums as hide the latency of the units. */
  private static float run(int rounds) {
    FloatVector x = FloatVector.broadcast(SPECIES, 0.999f);
    FloatVector y = FloatVector.broadcast(SPECIES, 1e-3f);
    FloatVector a = y;
    FloatVector b = y;
    FloatVector c = y;
    FloatVector d = y;
    FloatVector e = y;
    FloatVector f = y;
    FloatVector g = y;
    FloatVector h = y;
    FloatVector i = y;
    FloatVector j = y;
    FloatVector k = y;
    FloatVector l = y;
    for (int r = 0; r < rounds; r++) {
      a = a.fma(x, y);
      b = b.fma(x, y);
      c = c.fma(x, y);
      d = d.fma(x, y);
      e = e.fma(x, y);
      f = f.fma(x, y);
      g = g.fma(x, y);
      h = h.fma(x, y);
      i = i.fma(x, y);
      j = j.fma(x, y);
      k = k.fma(x, y);
      l = l.fma(x, y);
    }
    FloatVector s = a.add(b).add(c).add(d).add(e).add(f);
    return s.add(g).add(h).add(i).add(j).add(k).add(l).reduceLanes(VectorOperators.ADD);
  }
}
