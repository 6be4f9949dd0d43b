package io.hadal.model.forward;

import io.hadal.kernels.AttentionKernels;
import io.hadal.kernels.ByteQueries;
import io.hadal.kernels.ByteScores;
import io.hadal.kernels.ByteTile;
import io.hadal.kernels.InputQuantizer;
import io.hadal.kernels.KernelExercise;
import io.hadal.kernels.KernelGate;
import io.hadal.kernels.KernelGate.Operation;
import io.hadal.kernels.Kernels;
import io.hadal.kernels.KeyTile;
import io.hadal.kernels.Matrix;
import io.hadal.kernels.StorageType;
import io.hadal.model.config.AttentionConfig;
import io.hadal.model.config.IndexerConfig;
import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.config.NumericMode;
import io.hadal.model.config.RowCode;
import io.hadal.model.weights.ModelWeights;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The kernels that a model needs, with an exercise of each: each storage type of its matrices for
 * one token and for several, and the vector kernels of attention and streams at the model's shapes.
 * They compute on memory of their own.
 */
public final class ModelKernels {
  /** Tokens of a step that takes a prompt in: a tile of eight, and one of four. */
  private static final int SEVERAL = 12;

  /** Cache rows that a query of an exercise attends to. */
  private static final int ROWS = 64;

  private final ModelConfig config;
  private final NumericMode mode;
  private final Kernels kernels = KernelExercise.kernels();
  private final AttentionKernels attention = KernelExercise.attentionKernels();
  private final List<Need> list = new ArrayList<>();

  /**
   * One kernel.
   *
   * @param gate open once the kernel is compiled
   * @param exercise makes its exercise, which takes some milliseconds
   */
  public record Need(KernelGate gate, Supplier<KernelExercise> exercise) {}

  private ModelKernels(ModelConfig config, NumericMode mode) {
    this.config = config;
    this.mode = mode;
  }

  /**
   * Exercises in the order in which they should run: products first, those that the compiler finds
   * hardest before others.
   */
  public static List<Need> of(
      ModelConfig config, ModelWeights weights, MatrixUses uses, NumericMode mode) {
    ModelKernels kernels = new ModelKernels(config, mode);
    kernels.packed(uses);
    kernels.stored(uses);
    kernels.embedding(weights.embed());
    kernels.elements();
    kernels.attention();
    return kernels.list;
  }

  private void packed(MatrixUses uses) {
    narrowest(uses.packed())
        .forEach(
            w -> {
              list.add(
                  new Need(KernelGate.packed(w.type(), false), () -> KernelExercise.packed(w, 1)));
              list.add(
                  new Need(
                      KernelGate.packed(w.type(), true), () -> KernelExercise.packed(w, SEVERAL)));
            });
  }

  private void stored(MatrixUses uses) {
    narrowest(uses.stored())
        .forEach(
            w -> {
              list.add(
                  new Need(KernelGate.stored(w.type(), false), () -> KernelExercise.stored(w, 1)));
              list.add(
                  new Need(
                      KernelGate.stored(w.type(), true), () -> KernelExercise.stored(w, SEVERAL)));
            });
  }

  private void add(String name, Operation operation, long elements, Runnable run) {
    list.add(new Need(KernelGate.of(operation), () -> KernelExercise.of(name, elements, run)));
  }

  /** The smallest matrix of each type: the sooner its kernel has run often. */
  private static List<Matrix> narrowest(List<Matrix> matrices) {
    Map<StorageType, Matrix> byType = new EnumMap<>(StorageType.class);
    for (Matrix w : matrices) {
      byType.merge(w.type(), w, (a, b) -> b.cols() < a.cols() ? b : a);
    }
    return byType.values().stream()
        .sorted(Comparator.comparingInt(w -> difficulty(w.type())))
        .toList();
  }

  /** Rank of a type's kernels by the size of their code, the largest first. */
  private static int difficulty(StorageType type) {
    return switch (type) {
      case IQ2_XXS, IQ2_XS, IQ3_XXS -> 0;
      case Q6_K, Q3_K -> 1;
      case Q2_K, Q5_K -> 2;
      case Q4_K, IQ4_XS -> 3;
      case FP4_E2M1, MXFP4, F8_E4M3 -> 4;
      default -> 5;
    };
  }

  private void embedding(Matrix w) {
    float[] row = new float[w.cols()];
    add(
        "dequantize " + w.type(),
        Operation.DEQUANTIZE,
        row.length,
        () -> kernels.dequantize(w, 0, 0, row.length, row, 0));
  }

  private void elements() {
    int d = config.hiddenSize();
    float[] x = ramp(d);
    add("dot " + d, Operation.DOT, d, () -> kernels.dot(x, 0, x, 0, d));
    float[] y = ramp(d);
    float[] out = new float[d];
    add("rmsNorm " + d, Operation.RMS_NORM, d, () -> kernels.rmsNorm(x, 0, d, y, 1e-6f, out, 0));
    add("addScaled " + d, Operation.ADD_SCALED, d, () -> kernels.addScaled(1e-3f, x, 0, out, 0, d));
    if (mode == NumericMode.FAST && d % InputQuantizer.BLOCK == 0) {
      InputQuantizer quantizer = KernelExercise.quantizer();
      int blocks = d / InputQuantizer.BLOCK;
      byte[] codes = new byte[d];
      float[] scales = new float[blocks];
      int[] sums = new int[2 * blocks];
      add(
          "quantize " + d,
          Operation.QUANTIZE,
          d,
          () -> quantizer.quantize(x, 0, blocks, codes, 0, scales, 0, sums, 0));
    }
    int width =
        config.layers().stream().mapToInt(l -> l.moe().width()).filter(w -> w > 0).max().orElse(d);
    float[] gate = ramp(width);
    float[] up = ramp(width);
    float[] product = new float[width];
    add(
        "swiglu " + width,
        Operation.SWIGLU,
        width,
        () -> kernels.swiglu(gate, 0, up, 0, width, 10, 1, product, 0));
    if (mode.roundsActivations()) {
      float[] rounded = ramp(d);
      add("roundBf16 " + d, Operation.ROUND_BF16, d, () -> kernels.roundBf16(rounded, 0, d));
      add(
          "roundFp8 " + d,
          Operation.ROUND_BF16,
          d,
          () -> attention.roundFp8(rounded, 0, d, config.activations().block()));
    }
    int n = config.hyper().streams();
    float[] streams = ramp(n * d);
    float[] mixed = new float[n * d];
    float[] comb = ramp(n * n);
    float[] post = ramp(n);
    add(
        "expandStreams " + n + " x " + d,
        Operation.EXPAND_STREAMS,
        (long) n * n * d,
        () -> attention.expandStreams(comb, 0, post, 0, n, streams, 0, d, x, 0, 0, d, mixed));
    add(
        "collapse " + n + " x " + d,
        Operation.WEIGHTED_SUMS,
        (long) n * d,
        () -> kernels.weightedSums(post, 0, n, 1, streams, 0, d, n, d, out, 0, d));
  }

  private void attention() {
    AttentionConfig shape = config.attention();
    int heads = Math.min(8, shape.heads());
    int dim = shape.headDim();
    float[] q = ramp(heads * dim);
    float[] k = ramp(ROWS * dim);
    float[] p = new float[heads * ROWS];
    float[] out = new float[heads * dim];
    long work = (long) heads * ROWS * dim;
    add(
        "dots " + heads + " x " + ROWS,
        Operation.DOTS,
        work,
        () -> kernels.dots(q, 0, dim, heads, k, 0, dim, ROWS, dim, p, 0, ROWS));
    add(
        "weightedSums " + heads + " x " + ROWS,
        Operation.WEIGHTED_SUMS,
        work,
        () -> kernels.weightedSums(p, 0, ROWS, heads, k, 0, dim, ROWS, dim, out, 0, dim));
    float[] weights = ramp(ROWS);
    add("max " + ROWS, Operation.MAX, ROWS, () -> kernels.max(weights, 0, ROWS));
    add(
        "expAndSum " + ROWS,
        Operation.EXP_AND_SUM,
        ROWS,
        () -> kernels.expAndSum(weights, 0, ROWS, 1));
    if (Compute.roundsRows(mode, config)) {
      cacheRows(config.windowCode());
      cacheRows(config.entryCode());
    }
    if (config.layers().stream().anyMatch(LayerConfig::selects)) {
      index(config.indexer());
    }
  }

  /** Rows that are rounded on their way into the caches and read from there. */
  private void cacheRows(RowCode code) {
    int width = config.attention().headDim();
    int codes = code.codes(width, config.attention().ropeDim());
    int block = code.block();
    float[] row = ramp(width);
    float[] out = new float[width];
    MemorySegment packed = outsideTheHeap(4 * width);
    switch (code.kind()) {
      case FP8 -> {
        add(
            "roundFp8 " + codes + " by " + block,
            Operation.ROUND_ROWS,
            width,
            () -> attention.roundFp8(row, 0, codes, block));
        add(
            "unpackFp8 " + codes,
            Operation.UNPACK_ROWS,
            width,
            () -> attention.unpackFp8(packed, 0, codes, width - codes, block, out, 0));
      }
      case FP4_E4M3 -> {
        add(
            "roundFp4E4M3 " + codes,
            Operation.ROUND_ROWS,
            width,
            () -> attention.roundFp4E4M3(row, 0, codes, block));
        add(
            "unpackFp4E4M3 " + codes,
            Operation.UNPACK_ROWS,
            width,
            () -> attention.unpackFp4E4M3(packed, 0, codes, block, out, 0));
      }
    }
  }

  /** Where caches are: a kernel that has been run on an array is compiled for both. */
  private static MemorySegment outsideTheHeap(int bytes) {
    return Arena.ofAuto().allocate(bytes, 64);
  }

  private void index(IndexerConfig index) {
    int heads = index.heads();
    int dim = index.headDim();
    float[] q = ramp(heads * dim);
    float[] weights = ramp(heads);
    float[] keys = ramp(KeyTile.KEYS * dim);
    float[] scores = new float[KeyTile.KEYS];
    boolean bf16 = mode.roundsActivations();
    if (mode == NumericMode.FAST && dim <= ByteTile.MOST) {
      byteScores(heads, dim);
    } else {
      add(
          "indexScores " + heads + " x " + dim,
          Operation.INDEX_SCORES,
          (long) heads * dim * KeyTile.KEYS,
          () -> attention.indexScores(q, 0, heads, dim, weights, 0, keys, bf16, scores, 0));
    }
    if (index.keys() == IndexerConfig.Keys.COMPRESSED) {
      float[] row = ramp(dim);
      float scale = (float) (1 / Math.sqrt(dim));
      add("hadamard " + dim, Operation.HADAMARD, dim, () -> kernels.hadamard(row, 0, dim, scale));
    }
  }

  private void byteScores(int heads, int dim) {
    ByteQueries q = new ByteQueries();
    q.begin(1, heads, dim);
    q.quantize(0, ramp(heads * dim), 0, ramp(heads), 0);
    MemorySegment tile = outsideTheHeap(ByteTile.bytes(dim));
    float[] scores = new float[ByteTile.KEYS];
    ByteScores kernels = KernelExercise.byteScores();
    if (config.quantisedCache()) {
      MemorySegment keys = outsideTheHeap(KeyTile.fp4Bytes(dim));
      int[] words = new int[ByteTile.words(dim)];
      add(
          "unpackKeyBytes " + dim,
          Operation.INDEX_SCORES,
          (long) dim * KeyTile.KEYS,
          () -> attention.unpackKeyBytes(keys, dim, words));
    }
    add(
        "byteScores " + heads + " x " + dim,
        Operation.INDEX_SCORES,
        (long) heads * dim * ByteTile.KEYS,
        () -> kernels.scores(q, 0, 1, tile, ByteTile.KEYS, scores, 0, ByteTile.KEYS));
  }

  private static float[] ramp(int n) {
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = i % 64 / 64f - 0.5f;
    }
    return x;
  }
}
