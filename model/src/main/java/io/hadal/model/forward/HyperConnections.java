package io.hadal.model.forward;

import io.hadal.kernels.Sinkhorn;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.weights.HyperWeights;
import org.jspecify.annotations.Nullable;

/**
 * mHC: mixes coefficients from the streams, collapses the streams, writes a sublayer back (spec
 * 2.2, 2.3).
 */
final class HyperConnections {
  /** Columns that one task expands. */
  private static final int CHUNK = 2048;

  private final Compute compute;
  private final int streams;
  private final int hidden;
  private final int width;
  private final int iterations;
  private final float eps;
  private final float normEps;
  private float[] mixes = new float[0];
  private float[] pre = new float[0];
  private float[] post = new float[0];
  private float[] comb = new float[0];
  // Gates that collapse the streams next: this site's, or in the delayed form those of the site
  // before.
  private float[] gates = new float[0];
  private final boolean delayed;

  HyperConnections(ModelConfig config, Compute compute) {
    this.compute = compute;
    this.streams = config.hyper().streams();
    this.hidden = config.hiddenSize();
    this.width = config.streamWidth();
    this.iterations = config.hyper().iterations();
    this.eps = config.hyper().eps();
    this.normEps = config.normEps();
    this.delayed = config.hyper().delayed();
  }

  /** Begins a pass: the delayed form takes the first stream alone (V4.1 spec 4.1). */
  void start(int tokens) {
    gates = Compute.grow(gates, tokens * streams);
    for (int t = 0; t < tokens; t++) {
      for (int j = 0; j < streams; j++) {
        gates[t * streams + j] = j == 0 ? 1 : 0;
      }
    }
  }

  /** Gates that the next site collapses with, in the delayed form. */
  void probeGates(int layer, int tokens) {
    if (delayed) {
      compute.probe(layer, "pre_mix", gates, tokens, streams);
    }
  }

  /** Moves what was mixed for some tokens, ascending, to the front. */
  void keep(int[] rows) {
    Compute.keep(post, rows, streams);
    Compute.keep(comb, rows, streams * streams);
    Compute.keep(gates, rows, streams);
  }

  /** Puts the gates of the tokens in front back to their places in the pass. */
  void putBack(int[] rows) {
    Compute.putBack(gates, rows, streams);
  }

  /** Computes pre, post and comb of every token from its streams. */
  void mix(HyperWeights w, float[] x, int tokens, int layer, String site) {
    int n = w.fn().rows();
    project(w, x, tokens);
    pre = Compute.grow(pre, tokens * streams);
    post = Compute.grow(post, tokens * streams);
    comb = Compute.grow(comb, tokens * streams * streams);
    compute.forRows(
        tokens,
        (t, worker) ->
            Sinkhorn.split(
                mixes, t * n, w.scale(), w.base(), streams, iterations, eps, t, pre, post, comb));
    compute.probe(layer, site + "_mixes", mixes, tokens, n);
    compute.probe(layer, site + "_pre", pre, tokens, streams);
    compute.probe(layer, site + "_post", post, tokens, streams);
    compute.probe(layer, site + "_comb", comb, tokens, streams * streams);
  }

  /**
   * Collapses rows for the head: by its own gates, or with null weights by those of the last site.
   *
   * @param x the rows alone, one after the other
   * @param rows their places in the pass
   */
  void collapseHead(@Nullable HyperWeights w, float[] x, int[] rows, float[] out) {
    if (w == null) {
      collapse(gates, rows, x, rows.length, out);
    } else {
      mixHead(w, x, rows.length);
      collapse(pre, null, x, rows.length, out);
    }
  }

  /** {@code pre = sigmoid(mix * scale + base) + eps}. */
  private void mixHead(HyperWeights w, float[] x, int tokens) {
    project(w, x, tokens);
    pre = Compute.grow(pre, tokens * streams);
    for (int t = 0; t < tokens; t++) {
      for (int j = 0; j < streams; j++) {
        float v = mixes[t * streams + j] * w.scale()[0] + w.base()[j];
        pre[t * streams + j] = (float) (1 / (1 + Math.exp(-v))) + eps;
      }
    }
  }

  private void project(HyperWeights w, float[] x, int tokens) {
    int n = w.fn().rows();
    mixes = Compute.grow(mixes, tokens * n);
    compute.matmul(w.fn(), x, width, tokens, mixes, n);
    compute.forRows(
        tokens,
        (t, worker) -> {
          float squares = compute.kernels.dot(x, t * width, x, t * width, width);
          float r = (float) (1 / Math.sqrt((double) squares / width + normEps));
          for (int i = 0; i < n; i++) {
            mixes[t * n + i] *= r;
          }
        });
  }

  /** {@code out[t] = sum_j gate[j] * x_j} with the gates due at this site. */
  void collapse(float[] x, int tokens, float[] out) {
    if (!delayed) {
      collapse(pre, null, x, tokens, out);
      return;
    }
    collapse(gates, null, x, tokens, out);
    System.arraycopy(pre, 0, gates, 0, tokens * streams);
  }

  private void collapse(float[] gate, int @Nullable [] rows, float[] x, int tokens, float[] out) {
    compute.forRows(
        tokens,
        (t, worker) -> {
          compute.kernels.weightedSums(
              gate,
              (rows == null ? t : rows[t]) * streams,
              streams,
              1,
              x,
              t * width,
              hidden,
              streams,
              hidden,
              out,
              t * hidden,
              hidden);
          compute.round(out, t * hidden, hidden);
        });
  }

  /** {@code out_k = post[k] * y + sum_j comb[j][k] * x_j}; the sum runs over the first index. */
  void expand(float[] x, float[] y, int tokens, float[] out) {
    int chunks = (hidden + CHUNK - 1) / CHUNK;
    compute.forRows(
        tokens * chunks,
        (task, worker) -> {
          int t = task / chunks;
          int from = task % chunks * CHUNK;
          int to = Math.min(hidden, from + CHUNK);
          int at = t * width;
          compute.attention.expandStreams(
              comb,
              t * streams * streams,
              post,
              t * streams,
              streams,
              x,
              at,
              hidden,
              y,
              t * hidden,
              from,
              to,
              out);
          for (int k = 0; k < streams; k++) {
            compute.round(out, at + k * hidden + from, to - from);
          }
        });
  }
}
