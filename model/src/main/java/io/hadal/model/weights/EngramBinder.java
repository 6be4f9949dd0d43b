package io.hadal.model.weights;

import io.hadal.formats.FormatException;
import io.hadal.formats.weights.StoredTensor;
import io.hadal.kernels.Matrix;
import io.hadal.model.config.EngramConfig;
import io.hadal.model.config.EngramConfig.Fusion;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.engram.CanonicalMap;
import io.hadal.model.engram.CodeEngramIndex;
import io.hadal.model.engram.CodeVocabulary;
import io.hadal.model.engram.EngramIndex;
import io.hadal.model.engram.EngramShape;
import io.hadal.model.engram.EngramTable;
import io.hadal.model.engram.EngramWeights;
import io.hadal.model.engram.FileTable;
import io.hadal.model.engram.MappedTable;
import io.hadal.model.engram.ReadPool;
import io.hadal.model.engram.RowIndex;
import io.hadal.model.engram.ShortConvolution;
import io.hadal.model.engram.TableLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Binds the tables and weights of the n-gram memory. */
final class EngramBinder {
  /** Row reads under way at once: enough to keep a solid-state disk busy. */
  private static final int READERS = 32;

  private final ModelConfig config;
  private final EngramConfig shape;
  private final TensorSource tensors;
  private final TokenMaps maps;
  private final String source;

  EngramBinder(ModelConfig config, EngramConfig shape, TensorSource tensors, TokenMaps maps) {
    this.config = config;
    this.shape = shape;
    this.tensors = tensors;
    this.maps = maps;
    this.source = tensors.store().source().toString();
  }

  EngramMemory bind(long cacheBytes) {
    CanonicalMap map = maps.canonical();
    if (shape.canonicalSize() > 0) {
      map.requireSize(shape.canonicalSize(), source);
    }
    int pad = map.canonical(shape.padId());
    List<? extends RowIndex> indexes =
        shape.channels().isEmpty() ? tokenIndexes(pad) : structuralIndexes(pad);
    ReadPool pool = cacheBytes > 0 ? new ReadPool(READERS) : null;
    Map<Integer, EngramLayer> layers = new HashMap<>();
    boolean ok = false;
    try {
      for (int i = 0; i < shape.layers().size(); i++) {
        int layer = shape.layers().get(i);
        RowIndex index = indexes.get(i);
        if (!shape.rows().isEmpty()) {
          index.requireRows(shape.rows().get(i), source);
        }
        layers.put(layer, layer(layer, index, pool, cacheBytes));
      }
      ok = true;
    } finally {
      if (!ok) {
        layers.values().forEach(l -> l.table().close());
        if (pool != null) {
          pool.close();
        }
      }
    }
    return new EngramMemory(map, maps.vocabulary(), layers, pool);
  }

  private EngramShape hashes() {
    return EngramShape.uniform(
        shape.layers(),
        shape.maxOrder(),
        shape.heads(),
        Math.toIntExact(shape.vocabSize()),
        maps.canonical().size());
  }

  private List<CodeEngramIndex> structuralIndexes(int pad) {
    CodeVocabulary vocabulary = Objects.requireNonNull(maps.vocabulary());
    return CodeEngramIndex.of(hashes(), shape.channels(), vocabulary, pad, source);
  }

  /** Row indexes from the stored hash constants; missing ones are computed. */
  private List<EngramIndex> tokenIndexes(int pad) {
    List<EngramIndex> computed =
        shape.multipliers().isEmpty() || shape.primes().isEmpty()
            ? hashes().indexes(pad, source)
            : List.of();
    List<EngramIndex> indexes = new ArrayList<>();
    int orders = shape.maxOrder();
    int columns = shape.columns();
    for (int i = 0; i < shape.layers().size(); i++) {
      indexes.add(
          EngramIndex.of(
              shape.heads(),
              shape.multipliers().isEmpty()
                  ? computed.get(i).multipliers()
                  : shape.multipliers().subList(i * orders, (i + 1) * orders).stream()
                      .mapToLong(Long::longValue)
                      .toArray(),
              shape.primes().isEmpty()
                  ? computed.get(i).primes()
                  : shape.primes().subList(i * columns, (i + 1) * columns).stream()
                      .mapToInt(Integer::intValue)
                      .toArray(),
              pad,
              maps.canonical().size(),
              source));
    }
    return indexes;
  }

  private EngramLayer layer(int layer, RowIndex index, @Nullable ReadPool pool, long cacheBytes) {
    String p = "layers." + layer + ".engram.";
    EngramWeights weights = weights(p);
    StoredTensor codes = tensors.get(p + "embed.weight");
    StoredTensor scales = tensors.scaleOf(p + "embed");
    TableLayout layout =
        TableLayout.of(
            tensors.store(),
            codes.name(),
            scales == null ? codes.name() + ".scale" : scales.name(),
            index.rowCount(),
            shape.headDim());
    EngramTable stored =
        pool == null
            ? new MappedTable(layout)
            : new FileTable(layout, cacheBytes / shape.layers().size(), pool);
    boolean ok = false;
    EngramTable table = stored;
    try {
      table = tensors.table(p + "embed", stored);
      requireAbsentRow(table, index);
      ok = true;
    } finally {
      if (!ok) {
        table.close();
      }
    }
    return new EngramLayer(index, table, weights);
  }

  private void requireAbsentRow(EngramTable table, RowIndex index) {
    if (index.absentRow() < 0) {
      return;
    }
    float[] row = new float[table.width()];
    table.read(new int[] {index.absentRow()}, 0, 1, row);
    for (float v : row) {
      if (v != 0) {
        throw new FormatException(
            source,
            "Engram table "
                + table.name()
                + " holds "
                + v
                + " in its last row, which stands for absent channels and must be zero");
      }
    }
  }

  private EngramWeights weights(String p) {
    Fusion fusion = shape.fusion();
    int d = config.hiddenSize();
    int n = config.hyper().streams();
    int rows = (shape.keys(n) + 1) * d;
    Matrix wkv = tensors.matrix(p + "wkv", rows, shape.width());
    float[] bias = fusion.bias() ? tensors.vector(p + "wkv.bias", rows) : null;
    ShortConvolution convolution =
        fusion.convolution()
            ? new ShortConvolution(
                n,
                d,
                shape.maxOrder(),
                tensors.vector(p + "conv.weight", (long) n * d * ShortConvolution.TAPS),
                tensors.vector(p + "conv_norm.weight", (long) n * d))
            : null;
    if (!fusion.gated()) {
      return EngramWeights.ungated(wkv, bias, convolution);
    }
    return EngramWeights.of(
        wkv,
        bias,
        tensors.vector(p + "q_weight", (long) n * d),
        tensors.vector(p + "k_weight", (long) n * d),
        convolution);
  }
}
