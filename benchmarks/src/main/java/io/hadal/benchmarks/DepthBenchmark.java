package io.hadal.benchmarks;

import io.hadal.kernels.WorkerPool;
import io.hadal.model.Model;
import io.hadal.model.cache.CacheLayout;
import io.hadal.model.cache.EntryLog;
import io.hadal.model.cache.KvStore;
import io.hadal.model.cache.LayerCache;
import io.hadal.model.cache.SequenceCache;
import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.NumericMode;
import io.hadal.model.forward.Batch;
import io.hadal.model.forward.ForwardPass;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Decoding at depths that would take too long to reach by a prompt: the caches are filled with
 * random rows. Depths take turns, a token each, so that a busy machine slows all of them alike.
 */
@Command(
    name = "depth",
    description = "Time of a decoded token behind random caches of several lengths.")
public final class DepthBenchmark implements Callable<Integer> {
  private static final int STEP = 64;

  @Option(
      names = {"-m", "--model"},
      required = true,
      description = "Checkpoint folder or file.")
  private Path model = Path.of("");

  @Option(
      names = {"-d", "--depths"},
      split = ",",
      defaultValue = "4096,131072",
      description = "Positions before the decoded token.")
  private int[] depths = {};

  @Option(names = "--mode", defaultValue = "OFFICIAL", description = "${COMPLETION-CANDIDATES}")
  private NumericMode mode = NumericMode.OFFICIAL;

  @Option(names = "--packed", negatable = true, defaultValue = "true", fallbackValue = "true")
  private boolean packed = true;

  @Option(
      names = {"-t", "--threads"},
      defaultValue = "2")
  private int threads = 2;

  @Option(
      names = {"-n", "--tokens"},
      defaultValue = "20",
      description = "Measured tokens at each depth.")
  private int tokens = 20;

  @Option(names = "--warmup", defaultValue = "12", description = "Tokens before those.")
  private int warmup = 12;

  public static void main(String[] args) {
    System.exit(
        new CommandLine(new DepthBenchmark())
            .setCaseInsensitiveEnumValuesAllowed(true)
            .execute(args));
  }

  @Override
  public Integer call() {
    try (Model m = Model.load(model);
        KvStore store = new KvStore(layout(m), Long.MAX_VALUE / 2);
        WorkerPool pool = new WorkerPool(threads)) {
      ForwardPass pass =
          new ForwardPass(m.config(), m.weights(), m.engram(), m.packed(), mode, pool, null);
      List<LayerConfig> layers = m.config().layers();
      List<SequenceCache> caches = new ArrayList<>();
      List<StackShares> shares = new ArrayList<>();
      for (int depth : depths) {
        SequenceCache cache = store.open(layers);
        fill(cache, layers, store.layout(), depth);
        caches.add(cache);
        shares.add(new StackShares(Thread.currentThread()));
      }
      double[][] times = new double[depths.length][tokens];
      for (int round = -warmup; round < tokens; round++) {
        for (int i = 0; i < depths.length; i++) {
          Batch batch = new Batch(1);
          batch.add(caches.get(i), new int[] {7 + round & 63}, 0, 1);
          shares.get(i).running(round >= 0);
          long start = now();
          pass.run(batch);
          double ms = (now() - start) / 1e6;
          shares.get(i).running(false);
          if (round >= 0) {
            times[i][round] = ms;
          }
        }
      }
      report(caches, times, shares);
      caches.forEach(SequenceCache::close);
    }
    return 0;
  }

  /** Nanoseconds: of the processor where one thread does all, else of the clock. */
  private long now() {
    return threads == 1
        ? ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime()
        : System.nanoTime();
  }

  private CacheLayout layout(Model m) {
    return CacheLayout.of(m.config(), mode, packed, STEP);
  }

  /** Commits {@code depth} positions without running the model. */
  private static void fill(
      SequenceCache cache, List<LayerConfig> layers, CacheLayout layout, int depth) {
    SplittableRandom random = new SplittableRandom(depth);
    int[] ids = new int[STEP];
    for (int at = 0; at < depth; at += STEP) {
      int count = Math.min(STEP, depth - at);
      cache.begin(ids, 0, count);
      cache.commit(count);
    }
    float[] pool = new float[1 << 16];
    for (int i = 0; i < pool.length; i++) {
      pool[i] = (float) random.nextGaussian();
    }
    for (LayerConfig layer : layers) {
      LayerCache rows = cache.layer(layer.index());
      for (int p = Math.max(0, depth - rows.window().capacity()); p < depth; p++) {
        rows.window().write(p, pool, random.nextInt(pool.length - layout.windowRows().width()));
      }
      if (rows.main() != null) {
        int width = layout.entryRows().width();
        fill(rows.main().entries(), depth / layer.ratio(), width, pool, random);
      }
      if (rows.index() != null) {
        int width = layout.indexRows().width();
        fill(rows.index().entries(), depth / layer.ratio(), width, pool, random);
      }
    }
  }

  private static void fill(
      EntryLog log, int entries, int width, float[] pool, SplittableRandom random) {
    log.reserve(entries);
    for (int e = 0; e < entries; e++) {
      log.write(e, pool, random.nextInt(pool.length - width));
    }
    log.grow(entries);
  }

  private void report(List<SequenceCache> caches, double[][] times, List<StackShares> shares) {
    double base = 0;
    for (int i = 0; i < depths.length; i++) {
      double[] sorted = times[i].clone();
      Arrays.sort(sorted);
      double median = sorted[sorted.length / 2];
      base = i == 0 ? median : base;
      System.out.printf(
          Locale.ROOT,
          "depth %d: median %.2f ms, best %.2f ms per token, x%.2f, cache %d bytes%n",
          depths[i],
          median,
          sorted[0],
          median / base,
          caches.get(i).bytes());
      for (Map.Entry<String, Double> e : shares.get(i).shares().entrySet()) {
        System.out.printf(Locale.ROOT, "  %6.2f ms  %s%n", e.getValue() * median, e.getKey());
      }
    }
  }
}
