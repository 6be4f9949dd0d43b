package io.hadal.train.graph;

import io.hadal.model.config.HyperConfig;
import io.hadal.model.config.ModelConfig;
import io.hadal.train.graph.Parameter.Kind;

/**
 * One delayed mHC site (V4.1 spec 4.1): collapses the streams with the gates of the site before,
 * normalises for the sublayer, and writes the sublayer's result back.
 *
 * <p>Coefficients lie in blocks of {@link Work#BLOCK} tokens, one row per coefficient: {@code
 * [blocks][pre(s) | post(s) | comb(s x s)][tokens of a block]}, see {@link #at}. Rows as long as a
 * batch would fall on the same cache sets.
 */
final class HyperSite {
  private final Work work;
  private final HyperConfig hyper;
  private final int streams;
  private final int hidden;
  private final int width;
  private final int mixes;
  private final float eps;
  private final Linear fn;
  private final Parameter base;
  private final Parameter scale;
  private final RmsNorm norm;
  private float[] projected = new float[0];
  // The projection divided by the RMS, one row per coefficient.
  private float[] mixed = new float[0];
  private float[] coefficients = new float[0];
  private float[] gradients = new float[0];
  private float[] collapsed = new float[0];
  private float[] normed = new float[0];
  private final float[][] soft;

  /**
   * Declares the site's parameters.
   *
   * @param prefix of the layer
   * @param site attn or ffn
   * @param first stream that the next site reads at first
   */
  HyperSite(
      Work work, ModelConfig config, ParameterSet set, String prefix, String site, int first) {
    this.work = work;
    this.hyper = config.hyper();
    this.streams = hyper.streams();
    this.hidden = config.hiddenSize();
    this.width = config.streamWidth();
    this.mixes = hyper.mixes();
    this.eps = config.normEps();
    this.fn =
        Linear.narrow(
            set.normal(
                prefix + "hc_" + site + "_fn", Kind.MATRIX, 1 / Math.sqrt(width), mixes, width),
            mixes,
            width);
    this.base = set.constant(prefix + "hc_" + site + "_base", Kind.VECTOR, 0, mixes);
    this.scale = set.constant(prefix + "hc_" + site + "_scale", Kind.VECTOR, 0.1f, 3);
    this.norm =
        new RmsNorm(
            set.constant(prefix + site + "_norm.weight", Kind.VECTOR, 1, hidden), hidden, eps);
    this.soft = new float[work.pool.threads()][Work.BLOCK * streams * streams];
    initialise(first);
  }

  /** Near a plain residual network: each site reads one stream and writes to all of them. */
  private void initialise(int first) {
    float[] b = base.value();
    for (int j = 0; j < streams; j++) {
      b[j] = streams == 1 ? 4 : j == first % streams ? 2 : -3;
      b[2 * streams + j * streams + j] = 3;
    }
  }

  /** Place of coefficient i of a token. */
  private int at(int i, int t) {
    return (t / Work.BLOCK * mixes + i) * Work.BLOCK + t % Work.BLOCK;
  }

  /** Numbers of an array of coefficients. */
  static int size(HyperConfig hyper, int tokens) {
    return (tokens + Work.BLOCK - 1) / Work.BLOCK * Work.BLOCK * hyper.mixes();
  }

  /** Gates before the first site: the first stream alone. */
  static float[] start(HyperConfig hyper, int tokens) {
    float[] gates = new float[size(hyper, tokens)];
    for (int block = 0; block < gates.length; block += hyper.mixes() * Work.BLOCK) {
      java.util.Arrays.fill(gates, block, block + Work.BLOCK, 1);
    }
    return gates;
  }

  /** Coefficients, of which the first ones are the gates of the next site. */
  float[] gates() {
    return coefficients;
  }

  /** Where the next site leaves the gradient of its gates. */
  float[] gateGradients(int tokens) {
    gradients = Work.grow(gradients, size(hyper, tokens));
    return gradients;
  }

  /**
   * Input of the sublayer.
   *
   * @param x streams {@code [tokens, streams, hidden]}
   * @param gates of the site before
   * @return {@code [tokens, hidden]}, valid until the next call
   */
  float[] forward(int tokens, float[] x, float[] gates) {
    projected = Work.grow(projected, tokens * mixes);
    mixed = Work.grow(mixed, size(hyper, tokens));
    coefficients = Work.grow(coefficients, size(hyper, tokens));
    collapsed = Work.grow(collapsed, tokens * hidden);
    normed = Work.grow(normed, tokens * hidden);
    fn.forward(work, tokens, x, projected);
    work.rows(
        tokens,
        (from, to, worker) -> {
          float[] g = work.scratch(worker, scratchSize());
          for (int t = from; t < to; t++) {
            float r = RmsNorm.inverse(work, x, t * width, width, eps);
            for (int i = 0; i < mixes; i++) {
              mixed[at(i, t)] = projected[t * mixes + i] * r;
            }
            collapse(x, gates, t, g, collapsed);
            norm.row(work, collapsed, t * hidden, normed, t * hidden);
          }
          mix(from, to, coefficients, g, soft[worker]);
        });
    return normed;
  }

  private int scratchSize() {
    return Math.max(Work.BLOCK * 2 * hyper.iterations(), 8) * streams;
  }

  /** {@code out = sum_j gate[j] x_j} of one token. */
  void collapse(float[] x, float[] gates, int t, float[] g, float[] out) {
    for (int j = 0; j < streams; j++) {
      g[j] = gates[at(j, t)];
    }
    work.kernels.weightedSums(
        g, 0, streams, 1, x, t * width, hidden, streams, hidden, out, t * hidden, hidden);
  }

  /** Coefficients of some tokens; {@code b} receives what the backward pass of Sinkhorn needs. */
  private void mix(int from, int to, float[] out, float[] b, float[] soft) {
    int count = to - from;
    for (int i = 0; i < mixes; i++) {
      float s = scale.value()[i < streams ? 0 : i < 2 * streams ? 1 : 2];
      float add = base.value()[i];
      int row = at(i, from);
      if (i >= 2 * streams) {
        for (int t = row; t < row + count; t++) {
          out[t] = mixed[t] * s + add;
        }
        continue;
      }
      for (int t = row; t < row + count; t++) {
        out[t] = -(mixed[t] * s + add);
      }
      work.kernels.expAndSum(out, row, count, 0);
      for (int t = row; t < row + count; t++) {
        float sigmoid = 1 / (1 + out[t]);
        out[t] = i < streams ? sigmoid + hyper.eps() : 2 * sigmoid;
      }
    }
    work.training.sinkhorn(
        out,
        at(2 * streams, from),
        Work.BLOCK,
        count,
        streams,
        hyper.iterations(),
        hyper.eps(),
        b,
        soft);
  }

  /** {@code out_k = post[k] y + sum_j comb[j][k] x_j}. */
  void expand(int tokens, float[] x, float[] y, float[] out) {
    work.rows(
        tokens,
        (from, to, worker) -> {
          float[] c = work.scratch(worker, streams * streams);
          for (int t = from; t < to; t++) {
            for (int j = 0; j < streams; j++) {
              for (int k = 0; k < streams; k++) {
                c[k * streams + j] = coefficients[at(2 * streams + j * streams + k, t)];
              }
            }
            int at = t * width;
            work.kernels.weightedSums(
                c, 0, streams, streams, x, at, hidden, streams, hidden, out, at, hidden);
            for (int k = 0; k < streams; k++) {
              float post = coefficients[at(streams + k, t)];
              work.kernels.addScaled(post, y, t * hidden, out, at + k * hidden, hidden);
            }
          }
        });
  }

  /**
   * Backward of {@link #expand}: sets dx and dy.
   *
   * @param dOut gradient of the streams behind the site
   */
  void expandBackward(int tokens, float[] x, float[] y, float[] dOut, float[] dx, float[] dy) {
    float[] g = gateGradients(tokens);
    work.rows(
        tokens,
        (from, to, worker) -> {
          int s2 = streams * streams;
          float[] c = work.scratch(worker, 2 * s2 + 2 * streams);
          for (int t = from; t < to; t++) {
            int at = t * width;
            for (int i = 0; i < streams + s2; i++) {
              c[i] = coefficients[at(streams + i, t)];
            }
            int row = t * hidden;
            work.kernels.weightedSums(
                c, 0, streams, 1, dOut, at, hidden, streams, hidden, dy, row, hidden);
            work.kernels.weightedSums(
                c, streams, streams, streams, dOut, at, hidden, streams, hidden, dx, at, hidden);
            int d = streams + s2;
            work.kernels.dots(y, row, hidden, 1, dOut, at, hidden, streams, hidden, c, d, streams);
            work.kernels.dots(
                x, at, hidden, streams, dOut, at, hidden, streams, hidden, c, d + streams, streams);
            for (int i = 0; i < streams + s2; i++) {
              g[at(streams + i, t)] = c[d + i];
            }
          }
        });
  }

  /**
   * Backward of everything before the sublayer; call it when the gradients of the gates are there.
   *
   * @param dNormed gradient of the sublayer's input; overwritten
   * @param gates of the site before
   * @param dGates gradient of these gates: set
   * @param dx gradient of the streams: added to
   */
  void backward(int tokens, float[] x, float[] gates, float[] dNormed, float[] dGates, float[] dx) {
    norm.backward(work, tokens, collapsed, dNormed, dNormed);
    float[] sums = new float[mixes + 3];
    work.sum(
        tokens,
        mixes + 3,
        sums,
        0,
        (from, to, partial, at, worker) -> {
          float[] b = work.scratch(worker, scratchSize());
          for (int t = from; t < to; t++) {
            collapseBackward(x, gates, dNormed, dGates, dx, t, b);
          }
          mixBackward(from, to, partial, at, b, soft[worker]);
          for (int t = from; t < to; t++) {
            float inverse = RmsNorm.inverse(work, x, t * width, width, eps);
            float dot = 0;
            for (int i = 0; i < mixes; i++) {
              float d = gradients[at(i, t)];
              dot = Math.fma(d, mixed[at(i, t)], dot);
              projected[t * mixes + i] = d * inverse;
            }
            float factor = -dot * inverse * inverse / width;
            work.kernels.addScaled(factor, x, t * width, dx, t * width, width);
          }
        });
    for (int i = 0; i < mixes; i++) {
      base.gradient()[i] += sums[i];
    }
    for (int i = 0; i < 3; i++) {
      scale.gradient()[i] += sums[mixes + i];
    }
    fn.backwardInput(work, tokens, projected, dx, true);
    fn.backwardWeight(work, tokens, projected, x);
  }

  /** One token. */
  void collapseBackward(
      float[] x, float[] gates, float[] dCollapsed, float[] dGates, float[] dx, int t, float[] b) {
    work.kernels.dots(
        dCollapsed, t * hidden, hidden, 1, x, t * width, hidden, streams, hidden, b, 0, streams);
    for (int j = 0; j < streams; j++) {
      dGates[at(j, t)] = b[j];
      float gate = gates[at(j, t)];
      work.kernels.addScaled(gate, dCollapsed, t * hidden, dx, t * width + j * hidden, hidden);
    }
  }

  /** From gradients of coefficients to those of {@link #mixed}; sums for base and scale. */
  private void mixBackward(int from, int to, float[] partial, int at, float[] b, float[] soft) {
    int count = to - from;
    for (int i = 0; i < 2 * streams; i++) {
      int row = at(i, from);
      for (int t = row; t < row + count; t++) {
        float c = coefficients[t];
        float p = i < streams ? c - hyper.eps() : c / 2;
        gradients[t] *= (i < streams ? 1 : 2) * p * (1 - p);
      }
    }
    mix(from, to, coefficients, b, soft);
    work.training.sinkhornBackward(
        coefficients,
        gradients,
        at(2 * streams, from),
        Work.BLOCK,
        count,
        streams,
        hyper.iterations(),
        b,
        soft);
    for (int i = 0; i < mixes; i++) {
      int part = i < streams ? 0 : i < 2 * streams ? 1 : 2;
      int row = at(i, from);
      float sum = 0;
      for (int t = 0; t < count; t++) {
        sum += gradients[row + t];
      }
      partial[at + i] += sum;
      partial[at + mixes + part] += work.kernels.dot(gradients, row, mixed, row, count);
      work.training.scale(scale.value()[part], gradients, row, count);
    }
  }
}
