package io.hadal.train.graph;

import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.ModelConfig;
import io.hadal.train.graph.Parameter.Kind;
import org.jspecify.annotations.Nullable;

/**
 * Compressed entries that a layer makes and later layers read (V4.1 spec 4.2): groups of tokens
 * pooled by a softmax per channel, normalised, rotated at their first token's position. A group
 * that a span leaves open makes no entry.
 */
final class EntryStream {
  private final Work work;
  private final int ratio;
  private final int hidden;
  private final int dim;
  private final int ropeDim;
  private final Rotary rotary;
  private final Linear values;
  private final @Nullable Linear gates;
  private final RmsNorm norm;
  private float[] raw = new float[0];
  // Gates, then weights of the softmax.
  private float[] shares = new float[0];
  private float[] pooled = new float[0];
  private float[] latents = new float[0];
  private float[] entries = new float[0];
  private float[] gradient = new float[0];
  private float[] dRaw = new float[0];
  private float[] dShares = new float[0];

  EntryStream(
      Work work,
      ModelConfig config,
      LayerConfig layer,
      ParameterSet set,
      String prefix,
      Rotary rotary) {
    this.work = work;
    this.ratio = layer.ratio();
    this.hidden = config.hiddenSize();
    this.dim = config.attention().headDim();
    this.ropeDim = config.attention().ropeDim();
    this.rotary = rotary;
    double deviation = 1 / Math.sqrt(hidden);
    this.values =
        new Linear(
            set.normal(prefix + "compressor.wkv.weight", Kind.MATRIX, deviation, dim, hidden),
            dim,
            hidden);
    this.gates =
        ratio == 1
            ? null
            : new Linear(
                set.normal(prefix + "compressor.wgate.weight", Kind.MATRIX, deviation, dim, hidden),
                dim,
                hidden);
    this.norm =
        new RmsNorm(
            set.constant(prefix + "compressor.norm.weight", Kind.VECTOR, 1, dim),
            dim,
            config.normEps());
  }

  int ratio() {
    return ratio;
  }

  /** Rotated rows {@code [entries, dim]}, spans one after the other. */
  float[] entries() {
    return entries;
  }

  /** Rows before rotation, what index keys are made from. */
  float[] latents() {
    return latents;
  }

  /** What readers add their gradients of {@link #entries} to. */
  float[] gradient() {
    return gradient;
  }

  void forward(PackedBatch batch, float[] x) {
    int tokens = batch.tokens();
    int[] first = batch.entryStarts(ratio);
    int count = first[batch.spans()];
    raw = Work.grow(raw, tokens * dim);
    shares = Work.grow(shares, tokens * dim);
    pooled = Work.grow(pooled, count * dim);
    latents = Work.grow(latents, count * dim);
    entries = Work.grow(entries, count * dim);
    gradient = Work.grow(gradient, count * dim);
    java.util.Arrays.fill(gradient, 0, count * dim, 0);
    values.forward(work, tokens, x, raw);
    if (gates != null) {
      gates.forward(work, tokens, x, shares);
    }
    work.pool.run(
        batch.spans(),
        (s, worker) -> {
          float[] sum = work.scratch(worker, dim);
          for (int j = 0; j < first[s + 1] - first[s]; j++) {
            int entry = (first[s] + j) * dim;
            pool((batch.start(s) + j * ratio) * dim, entry, sum);
            norm.row(work, pooled, entry, latents, entry);
            System.arraycopy(latents, entry, entries, entry, dim);
            rotary.rotate(entries, entry + dim - ropeDim, j * ratio, false);
          }
        });
  }

  private void pool(int token, int entry, float[] sum) {
    if (gates == null) {
      System.arraycopy(raw, token, pooled, entry, dim);
      return;
    }
    for (int c = 0; c < dim; c++) {
      float max = Float.NEGATIVE_INFINITY;
      for (int i = 0; i < ratio; i++) {
        max = Math.max(max, shares[token + i * dim + c]);
      }
      for (int i = 0; i < ratio; i++) {
        shares[token + i * dim + c] -= max;
      }
    }
    work.kernels.expAndSum(shares, token, ratio * dim, 0);
    java.util.Arrays.fill(sum, 0, dim, 0);
    java.util.Arrays.fill(pooled, entry, entry + dim, 0);
    for (int i = 0; i < ratio; i++) {
      work.kernels.addScaled(1, shares, token + i * dim, sum, 0, dim);
    }
    for (int c = 0; c < dim; c++) {
      sum[c] = 1 / sum[c];
    }
    for (int i = 0; i < ratio; i++) {
      int at = token + i * dim;
      work.training.multiply(shares, at, sum, 0, shares, at, dim);
      work.training.addProduct(1, shares, at, raw, at, pooled, entry, dim);
    }
  }

  /** Backward when all readers are done; adds to dx. */
  void backward(PackedBatch batch, float[] x, float[] dx) {
    int tokens = batch.tokens();
    int[] first = batch.entryStarts(ratio);
    int count = first[batch.spans()];
    dRaw = Work.grow(dRaw, tokens * dim);
    dShares = Work.grow(dShares, tokens * dim);
    java.util.Arrays.fill(dRaw, 0, tokens * dim, 0);
    java.util.Arrays.fill(dShares, 0, tokens * dim, 0);
    for (int s = 0; s < batch.spans(); s++) {
      for (int j = 0; j < first[s + 1] - first[s]; j++) {
        rotary.rotate(gradient, (first[s] + j) * dim + dim - ropeDim, j * ratio, true);
      }
    }
    norm.backward(work, count, pooled, gradient, gradient);
    work.pool.run(
        batch.spans(),
        (s, worker) -> {
          for (int j = 0; j < first[s + 1] - first[s]; j++) {
            poolBackward((batch.start(s) + j * ratio) * dim, (first[s] + j) * dim);
          }
        });
    values.backwardInput(work, tokens, dRaw, dx, true);
    values.backwardWeight(work, tokens, dRaw, x);
    if (gates != null) {
      gates.backwardInput(work, tokens, dShares, dx, true);
      gates.backwardWeight(work, tokens, dShares, x);
    }
  }

  private void poolBackward(int token, int entry) {
    if (gates == null) {
      System.arraycopy(gradient, entry, dRaw, token, dim);
      return;
    }
    for (int i = 0; i < ratio; i++) {
      int at = token + i * dim;
      work.training.multiply(shares, at, gradient, entry, dRaw, at, dim);
      for (int c = 0; c < dim; c++) {
        dShares[at + c] = dRaw[at + c] * (raw[at + c] - pooled[entry + c]);
      }
    }
  }
}
