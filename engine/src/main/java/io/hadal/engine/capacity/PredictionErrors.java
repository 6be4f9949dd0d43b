package io.hadal.engine.capacity;

import io.hadal.engine.serving.StepSize;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** How far steps were from what had been predicted of them, the newest of each kind. */
final class PredictionErrors {
  private static final int KEPT = 512;

  /** What a step computes. */
  enum Kind {
    PROMPTS,
    ANSWERS,
    MIXED;

    static Kind of(StepSize size) {
      return size.answers() == 0 ? PROMPTS : size.promptTokens() == 0 ? ANSWERS : MIXED;
    }
  }

  /** Times that steps took, each as part of what was predicted. */
  private static final class Ring {
    private final double[] ratios = new double[KEPT];
    private long count;

    void add(double ratio) {
      ratios[(int) (count++ % KEPT)] = ratio;
    }

    double[] known() {
      return Arrays.copyOf(ratios, (int) Math.min(count, KEPT));
    }
  }

  private final Map<Kind, Ring> rings = new EnumMap<>(Kind.class);

  void add(StepSize size, double nanos, double predicted) {
    rings.computeIfAbsent(Kind.of(size), _ -> new Ring()).add(nanos / predicted);
  }

  void clear() {
    rings.clear();
  }

  /** Of steps of a kind. */
  PredictionError of(Kind kind) {
    Ring ring = rings.get(kind);
    return ring == null ? PredictionError.NONE : PredictionError.of(ring.known());
  }

  /** Of all steps that are kept. */
  PredictionError all() {
    Collection<Ring> each = rings.values();
    List<Double> ratios = new ArrayList<>();
    for (Ring ring : each) {
      for (double ratio : ring.known()) {
        ratios.add(ratio);
      }
    }
    return PredictionError.of(ratios.stream().mapToDouble(r -> r).toArray());
  }
}
