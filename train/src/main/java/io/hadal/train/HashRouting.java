package io.hadal.train;

import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.ModelConfig;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Tables of the layers whose experts follow from the token id (V4 spec 5.1). */
final class HashRouting {
  private HashRouting() {}

  /**
   * Draws the tables: frequent tokens first, each goes to the experts with the least load, so that
   * loads are even.
   *
   * @param counts how often each token id occurs
   * @return {@code [vocab, active]} by layer
   */
  static Map<Integer, int[]> tables(ModelConfig config, long[] counts, long seed) {
    int[] order =
        IntStream.range(0, config.vocabSize())
            .boxed()
            .sorted((a, b) -> Long.compare(counts[b], counts[a]))
            .mapToInt(Integer::intValue)
            .toArray();
    Map<Integer, int[]> tables = new LinkedHashMap<>();
    for (LayerConfig layer : config.layers()) {
      if (layer.hashRouted()) {
        int experts = layer.moe().experts();
        int active = layer.moe().activeExperts();
        SplittableRandom random = new SplittableRandom(seed + layer.index());
        tables.put(layer.index(), table(order, counts, experts, active, random));
      }
    }
    return tables;
  }

  private static int[] table(
      int[] order, long[] counts, int experts, int active, SplittableRandom random) {
    int[] table = new int[order.length * active];
    double[] loads = new double[experts];
    for (int id : order) {
      boolean[] taken = new boolean[experts];
      for (int k = 0; k < active; k++) {
        int best = -1;
        int ties = 0;
        for (int e = 0; e < experts; e++) {
          if (taken[e] || (best >= 0 && loads[e] > loads[best])) {
            continue;
          }
          ties = best >= 0 && loads[e] == loads[best] ? ties + 1 : 1;
          if (random.nextInt(ties) == 0) {
            best = e;
          }
        }
        taken[best] = true;
        loads[best] += counts[id] + 1;
        table[id * active + k] = best;
      }
    }
    return table;
  }
}
