package io.hadal.model.forward;

import io.hadal.kernels.AttentionKernels;
import io.hadal.kernels.BlockKernels;
import io.hadal.kernels.KernelExercise;
import io.hadal.kernels.KeyTile;
import io.hadal.kernels.Kernels;
import io.hadal.kernels.Matrix;
import io.hadal.kernels.StorageType;
import io.hadal.model.NumericMode;
import io.hadal.model.config.AttentionConfig;
import io.hadal.model.config.IndexerConfig;
import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.ModelConfig;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The kernels that a model needs, as exercises: each storage type of its matrices for one token and
 * for several, and the vector kernels of attention and streams at the model's shapes. They compute
 * on memory of their own.
 */
public final class ModelKernels {
  /** Tokens of a step that takes a prompt in: a panel. */
  private static final int SEVERAL = 8;

  /** Cache rows that a query of an exercise attends to. */
  private static final int ROWS = 64;

  private final ModelConfig config;
  private final NumericMode mode;
  private final Kernels kernels = Kernels.get();
  private final AttentionKernels attention = AttentionKernels.get();
  private final List<KernelExercise> list = new ArrayList<>();

  private ModelKernels(ModelConfig config, NumericMode mode) {
    this.config = config;
    this.mode = mode;
  }

  /**
   * Exercises in the order in which they should run: products first, those that the compiler finds
   * hardest before others.
   */
  public static List<KernelExercise> exercises(
      ModelConfig config, MatrixUses uses, NumericMode mode) {
    ModelKernels kernels = new ModelKernels(config, mode);
    kernels.packed(uses);
    kernels.stored(uses);
    kernels.elements();
    kernels.attention();
    return kernels.list;
  }

  private void packed(MatrixUses uses) {
    BlockKernels blocks = BlockKernels.get();
    narrowest(uses.packed().stream().flatMap(List::stream).toList())
        .forEach(
            w -> {
              list.add(KernelExercise.packed(blocks, w, 1));
              list.add(KernelExercise.packed(blocks, w, SEVERAL));
            });
  }

  private void stored(MatrixUses uses) {
    narrowest(uses.stored())
        .forEach(
            w -> {
              list.add(KernelExercise.stored(kernels, w, 1));
              list.add(KernelExercise.stored(kernels, w, SEVERAL));
            });
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

  private void elements() {
    int d = config.hiddenSize();
    float[] x = ramp(d);
    float[] y = ramp(d);
    float[] out = new float[d];
    list.add(
        KernelExercise.of(
            "rmsNorm " + d, d, () -> kernels.rmsNorm(x, 0, d, y, 1e-6f, out, 0)));
    list.add(
        KernelExercise.of("addScaled " + d, d, () -> kernels.addScaled(1e-3f, x, 0, out, 0, d)));
    int width =
        config.layers().stream().mapToInt(l -> l.moe().width()).filter(w -> w > 0).max().orElse(d);
    float[] gate = ramp(width);
    float[] up = ramp(width);
    float[] product = new float[width];
    list.add(
        KernelExercise.of(
            "swiglu " + width,
            width,
            () -> kernels.swiglu(gate, 0, up, 0, width, 10, 1, product, 0)));
    if (mode.roundsActivations()) {
      float[] rounded = ramp(d);
      list.add(KernelExercise.of("roundBf16 " + d, d, () -> kernels.roundBf16(rounded, 0, d)));
      list.add(
          KernelExercise.of(
              "roundFp8 " + d,
              d,
              () -> attention.roundFp8(rounded, 0, d, config.activations().block())));
    }
    int n = config.hyper().streams();
    float[] streams = ramp(n * d);
    float[] mixed = new float[n * d];
    float[] comb = ramp(n * n);
    float[] post = ramp(n);
    list.add(
        KernelExercise.of(
            "expandStreams " + n + " x " + d,
            (long) n * n * d,
            () ->
                attention.expandStreams(
                    comb, 0, post, 0, n, streams, 0, d, x, 0, 0, d, mixed)));
    list.add(
        KernelExercise.of(
            "collapse " + n + " x " + d,
            (long) n * d,
            () -> kernels.weightedSums(post, 0, n, 1, streams, 0, d, n, d, out, 0, d)));
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
    list.add(
        KernelExercise.of(
            "dots " + heads + " x " + ROWS,
            work,
            () -> kernels.dots(q, 0, dim, heads, k, 0, dim, ROWS, dim, p, 0, ROWS)));
    list.add(
        KernelExercise.of(
            "weightedSums " + heads + " x " + ROWS,
            work,
            () -> kernels.weightedSums(p, 0, ROWS, heads, k, 0, dim, ROWS, dim, out, 0, dim)));
    float[] weights = ramp(ROWS);
    list.add(KernelExercise.of("max " + ROWS, ROWS, () -> kernels.max(weights, 0, ROWS)));
    list.add(
        KernelExercise.of(
            "expAndSum " + ROWS, ROWS, () -> kernels.expAndSum(weights, 0, ROWS, 1)));
    if (config.layers().stream().anyMatch(LayerConfig::selects)) {
      index(config.indexer());
    }
  }

  private void index(IndexerConfig index) {
    int heads = index.heads();
    int dim = index.headDim();
    float[] q = ramp(heads * dim);
    float[] weights = ramp(heads);
    float[] keys = ramp(KeyTile.KEYS * dim);
    float[] scores = new float[KeyTile.KEYS];
    boolean bf16 = mode.roundsActivations();
    list.add(
        KernelExercise.of(
            "indexScores " + heads + " x " + dim,
            (long) heads * dim * KeyTile.KEYS,
            () ->
                attention.indexScores(q, 0, heads, dim, weights, 0, keys, bf16, scores, 0)));
    if (index.keys() == IndexerConfig.Keys.COMPRESSED) {
      float[] row = ramp(dim);
      float scale = (float) (1 / Math.sqrt(dim));
      list.add(
          KernelExercise.of("hadamard " + dim, dim, () -> kernels.hadamard(row, 0, dim, scale)));
    }
  }

  private static float[] ramp(int n) {
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = i % 64 / 64f - 0.5f;
    }
    return x;
  }
}
