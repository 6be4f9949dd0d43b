package io.hadal.cli;

import io.hadal.model.Probe;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Sums up what experts and n-gram memory do while a model runs. */
final class DemoActivity implements Probe {
  private static final int SHOWN = 2;

  private final Map<Integer, double[]> gates = new TreeMap<>();
  private final Map<Integer, Map<Integer, Integer>> experts = new TreeMap<>();

  void clear() {
    gates.clear();
    experts.clear();
  }

  @Override
  public void record(int layer, String name, float[] values, int rows, int width) {
    if (name.equals("engram_gate")) {
      double[] sum = gates.computeIfAbsent(layer, l -> new double[2]);
      for (int i = 0; i < rows * width; i++) {
        sum[0] += values[i];
      }
      sum[1] += rows * width;
    } else if (name.equals("gate_idx")) {
      Map<Integer, Integer> counts = experts.computeIfAbsent(layer, l -> new TreeMap<>());
      for (int i = 0; i < rows * width; i++) {
        counts.merge((int) values[i], 1, Integer::sum);
      }
    }
  }

  /** Mean gates and busiest experts by layer. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    StringBuilder memory = new StringBuilder("n-gram memory, mean gate:");
    gates.forEach(
        (layer, sum) ->
            memory.append(" layer ").append(layer).append(' ').append(percent(sum[0] / sum[1])));
    if (!gates.isEmpty()) {
      lines.add(memory.toString());
    }
    StringBuilder busiest = new StringBuilder("busiest experts:");
    experts.forEach(
        (layer, counts) -> {
          double all = counts.values().stream().mapToInt(Integer::intValue).sum();
          busiest.append(" layer ").append(layer);
          counts.entrySet().stream()
              .sorted(Map.Entry.<Integer, Integer>comparingByValue().reversed())
              .limit(SHOWN)
              .forEach(
                  e ->
                      busiest
                          .append(" #")
                          .append(e.getKey())
                          .append(' ')
                          .append(percent(e.getValue() / all)));
          busiest.append(';');
        });
    lines.add(busiest.toString());
    return lines;
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.0f %%", 100 * share);
  }
}
