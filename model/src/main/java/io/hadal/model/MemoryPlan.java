package io.hadal.model;

import io.hadal.formats.weights.StoredTensor;
import io.hadal.formats.weights.TensorStore;
import io.hadal.kernels.Matrix;
import io.hadal.kernels.PackedMatrix;
import io.hadal.kernels.StorageType;
import io.hadal.model.cache.CacheLayout;
import io.hadal.model.config.AttentionConfig;
import io.hadal.model.config.EngramConfig;
import io.hadal.model.config.IndexerConfig;
import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.engram.FileTable;
import io.hadal.model.engram.TableLayout;
import io.hadal.model.weights.Adapter;
import io.hadal.model.weights.PackedWeights;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a model needs in memory, known before anything is read (spec 8.3).
 *
 * @param weights stored bytes by type, without n-gram tables that stay on disk
 * @param packed packed forms of weights, in mode fast
 * @param engramTables bytes of n-gram tables among the weights
 * @param engramCache bytes for rows of n-gram tables on disk; 0 when the tables are weights
 * @param kvFixed bytes of one timeline that do not grow
 * @param kvPerToken bytes one timeline adds per token in the long run
 * @param context tokens the plan is made for
 * @param scratch bytes of the forward pass
 */
public record MemoryPlan(
    Map<StorageType, Long> weights,
    Packed packed,
    long engramTables,
    long engramCache,
    long kvFixed,
    double kvPerToken,
    int context,
    long scratch) {

  /**
   * Packed forms, which stand in for stored ones: the pages of a matrix are given back once it is
   * packed.
   *
   * @param replaced bytes of the stored forms
   * @param memory bytes packed into memory
   * @param file bytes mapped from a side file
   */
  public record Packed(long replaced, long memory, long file) {
    public static final Packed NONE = new Packed(0, 0, 0);

    /** What mode fast packs of these matrices. */
    public static Packed of(Collection<Matrix> matrices, PackedWeights weights) {
      long replaced = 0;
      long memory = 0;
      long file = 0;
      for (Matrix w : matrices) {
        if (weights.provides(w)) {
          replaced += w.byteSize();
          long bytes = PackedMatrix.bytes(w);
          if (weights.isStored(w)) {
            file += bytes;
          } else {
            memory += bytes;
          }
        }
      }
      return new Packed(replaced, memory, file);
    }

    /** Bytes on top of the stored weights. */
    public long more() {
      return memory + file - replaced;
    }
  }

  public MemoryPlan {
    weights = Map.copyOf(weights);
  }

  /**
   * Plans one timeline of {@code context} tokens, drafters included.
   *
   * @param engramCacheBytes memory for rows of n-gram tables, which are then left on disk; 0 to
   *     count the tables as weights
   */
  public static MemoryPlan of(
      ModelConfig config,
      TensorStore store,
      CacheLayout layout,
      int context,
      int threads,
      long engramCacheBytes) {
    EngramConfig engram = config.engram();
    boolean onDisk = engram != null && engramCacheBytes > 0;
    Map<StorageType, Long> weights = new TreeMap<>();
    long tables = 0;
    for (String name : store.names()) {
      StoredTensor tensor = store.find(name);
      if (tensor == null) {
        continue;
      }
      boolean table = engram != null && TableLayout.isTable(name);
      tables += table ? tensor.data().byteSize() : 0;
      if (!table || !onDisk) {
        weights.merge(tensor.type(), tensor.data().byteSize(), Long::sum);
      }
    }
    long cache = 0;
    long buffers = 0;
    if (engram != null && onDisk) {
      long rows = engram.rows().stream().mapToLong(Long::longValue).sum();
      cache = Math.min(engramCacheBytes, FileTable.largestCache(tables, rows));
      buffers = rowBuffers(engram, tables, layout.stepTokens());
    }
    List<LayerConfig> layers = new ArrayList<>(config.layers());
    layers.addAll(config.draftLayers());
    long fixed = layers.stream().mapToLong(layout::fixedBytes).sum();
    double perToken = layers.stream().mapToDouble(layout::bytesPerToken).sum();
    return new MemoryPlan(
        weights,
        Packed.NONE,
        onDisk ? 0 : tables,
        cache,
        fixed,
        perToken,
        context,
        scratch(config, layout.stepTokens(), context, threads) + buffers);
  }

  /** Rows of a step on their way from disk, those of the step before among the spare buffers. */
  private static long rowBuffers(EngramConfig e, long tables, int step) {
    long rows = Math.max(1, e.rows().stream().mapToLong(Long::longValue).sum());
    long rowBytes = (tables + rows - 1) / rows;
    return 2L * e.layers().size() * step * e.columns() * rowBytes * 5 / 4;
  }

  /** The large buffers of a step; small ones are covered by a tenth on top. */
  private static long scratch(ModelConfig c, int step, int context, int threads) {
    AttentionConfig a = c.attention();
    IndexerConfig x = c.indexer();
    int inner = a.heads() * a.headDim();
    int active = 0;
    int expertWidth = 0;
    for (LayerConfig layer : c.layers()) {
      active = Math.max(active, layer.moe().activeExperts());
      expertWidth = Math.max(expertWidth, layer.moe().width());
    }
    long perToken =
        2L * inner
            + 5L * c.streamWidth()
            + 6L * c.hiddenSize()
            + a.queryRank()
            + 5L * a.headDim()
            + (long) a.outGroups() * a.outRank()
            + (long) active * (c.hiddenSize() + 2L * expertWidth)
            + (long) x.heads() * x.headDim()
            + (c.engram() == null ? 0 : c.engram().width() + c.streamWidth() + c.hiddenSize());
    int keys = a.window();
    for (LayerConfig layer : c.layers()) {
      int far = layer.visibleEntries(context - 1);
      keys = Math.max(keys, a.window() + (layer.indexed() ? Math.min(far, x.topK()) : far));
    }
    long perWorker = (long) keys * (a.headDim() + a.heads());
    long floats = step * perToken + threads * perWorker + c.vocabSize() + (4L << 20);
    return floats * 4 * 11 / 10;
  }

  /** The plan with the f32 copies of matrices that an adapter changes. */
  public MemoryPlan with(Adapter adapter) {
    Map<StorageType, Long> more = new TreeMap<>(weights);
    more.merge(StorageType.F32, adapter.matrixBytes(), Long::sum);
    return new MemoryPlan(
        more, packed, engramTables, engramCache, kvFixed, kvPerToken, context, scratch);
  }

  /** The plan with packed forms in place of stored ones. */
  public MemoryPlan with(Packed forms) {
    return new MemoryPlan(
        weights, forms, engramTables, engramCache, kvFixed, kvPerToken, context, scratch);
  }

  /** Bytes of all weights in the forms that are used. */
  public long weightBytes() {
    return storedBytes() + packed.more();
  }

  private long storedBytes() {
    return weights.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Bytes of one timeline of the planned length. */
  public long kvBytes() {
    return kvFixed + (long) Math.ceil(kvPerToken * context);
  }

  /** Everything but the weights. */
  public long workBytes() {
    return kvBytes() + scratch + engramCache;
  }

  public long totalBytes() {
    return weightBytes() + workBytes();
  }

  /**
   * Fails when the plan does not fit.
   *
   * @param available bytes that may be used
   * @param streaming true when weights may stay on disk and be read through the page cache
   */
  public void require(long available, boolean streaming) {
    if ((streaming ? workBytes() : totalBytes()) > available) {
      throw new MemoryPlanException(this, available, streaming);
    }
  }

  /** True when leaving the n-gram tables on disk would make a plan fit that does not. */
  public boolean tablesDecide(long available) {
    return totalBytes() > available && totalBytes() - engramTables < available;
  }

  /** True when a plan does not fit that would without packed forms in memory. */
  public boolean packingDecides(long available) {
    return totalBytes() > available
        && packed.memory() > 0
        && totalBytes() - packed.more() <= available;
  }

  /** Longest context that fits, 0 for none. */
  public int fittingContext(long available, boolean streaming) {
    double rest = available - scratch - engramCache - kvFixed - (streaming ? 0 : weightBytes());
    if (rest <= 0) {
      return 0;
    }
    return kvPerToken == 0 ? context : (int) Math.min(context, rest / kvPerToken);
  }

  /** The plan as lines of text. */
  public List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add("weights   " + size(weightBytes()));
    new TreeMap<>(weights)
        .forEach((type, bytes) -> lines.add("  " + pad(type.name()) + size(bytes)));
    if (packed.replaced() > 0) {
      lines.add(
          "  of these, "
              + size(packed.replaced())
              + " are packed to "
              + (packed.memory() == 0 ? "" : size(packed.memory()) + " in memory")
              + (packed.memory() == 0 || packed.file() == 0 ? "" : " and ")
              + (packed.file() == 0 ? "" : size(packed.file()) + " in the side file"));
    }
    if (engramTables > 0) {
      lines.add("  of these, n-gram tables " + size(engramTables));
    }
    lines.add(
        "kv cache  "
            + size(kvBytes())
            + "  ("
            + size(kvFixed)
            + " fixed + "
            + Math.round(kvPerToken)
            + " B/token x "
            + context
            + ")");
    if (engramCache > 0) {
      lines.add("engram    " + size(engramCache) + "  (row cache, tables stay on disk)");
    }
    lines.add("scratch   " + size(scratch));
    lines.add("total     " + size(totalBytes()));
    return lines;
  }

  private static String pad(String name) {
    return name + " ".repeat(Math.max(1, 10 - name.length()));
  }

  /** Bytes in the unit that reads best. */
  public static String size(long bytes) {
    if (bytes < 10_000) {
      return bytes + " B";
    }
    double v = bytes;
    for (String unit : List.of("KiB", "MiB", "GiB")) {
      v /= 1024;
      if (v < 1000) {
        return String.format(java.util.Locale.ROOT, "%.1f %s", v, unit);
      }
    }
    return String.format(java.util.Locale.ROOT, "%.1f TiB", v / 1024);
  }
}
