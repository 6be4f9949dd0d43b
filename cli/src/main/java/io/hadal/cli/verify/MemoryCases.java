package io.hadal.cli.verify;

import io.hadal.cli.verify.Golden.Tensors;
import io.hadal.model.Model;
import io.hadal.model.engram.EngramIndex;
import io.hadal.model.engram.RowIndex;
import io.hadal.model.weights.EngramMemory;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/** Constants of the n-gram memory: canonical ids, primes, multipliers. */
final class MemoryCases {
  private final Model model;
  private final Golden golden;
  private final Report report;

  MemoryCases(Model model, Golden golden, Report report) {
    this.model = model;
    this.golden = golden;
    this.report = report;
  }

  void run() {
    Tensors t = golden.tensors("engram");
    EngramMemory memory = model.engram();
    if (t == null || memory == null) {
      return;
    }
    report.check(
        "engram token_map",
        Arrays.equals(memory.map().toArray(), t.ints("token_map")),
        memory.map().size() + " canonical ids");
    List<Integer> layers = Objects.requireNonNull(model.config().engram()).layers();
    int[] primes = t.ints("primes");
    long[] multipliers = t.longs("multipliers");
    for (int i = 0; i < layers.size(); i++) {
      RowIndex rows = Objects.requireNonNull(memory.layers().get(layers.get(i))).index();
      if (!(rows instanceof EngramIndex index)) {
        report.check("engram layer " + layers.get(i) + " constants", false, "other channels");
        continue;
      }
      int n = index.primes().length;
      int m = index.multipliers().length;
      report.check(
          "engram layer " + layers.get(i) + " constants",
          Arrays.equals(index.primes(), Arrays.copyOfRange(primes, i * n, (i + 1) * n))
              && Arrays.equals(
                  index.multipliers(), Arrays.copyOfRange(multipliers, i * m, (i + 1) * m)),
          n + " primes, " + m + " multipliers");
    }
  }
}
