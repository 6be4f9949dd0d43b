package io.hadal.model.forward;

import io.hadal.kernels.Kernels;
import io.hadal.model.Probe;
import io.hadal.model.config.NumericMode;
import io.hadal.model.engram.EngramIndex;
import io.hadal.model.engram.EngramWeights;
import io.hadal.model.engram.Linear;
import io.hadal.model.engram.ShortConvolution;
import io.hadal.model.engram.ShortConvolution.History;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Gates the rows that were looked up and adds them to the residual streams (engram spec 3), before
 * the layer itself. Keeps buffers, so one instance serves one forward pass at a time.
 */
public final class EngramFusion {
  /** Keeps the root away from its infinite slope at 0. */
  private static final float GATE_FLOOR = 1e-6f;

  private final Kernels kernels = Kernels.get();
  private final int streams;
  private final int hidden;
  private final double eps;
  private final boolean round;
  // Keys in a row of the projection: one per stream, none without gates.
  private int keys;
  private float[] projected = new float[0];
  private float[] dots = new float[0];
  private float[] gates = new float[0];
  private float[] gated = new float[0];

  /**
   * Consecutive rows of one sequence.
   *
   * @param first row of its first position
   * @param history what the convolution remembers of the sequence before; moved on
   */
  public record Stretch(int first, int count, History history) {}

  /**
   * @param streams residual streams, hc
   * @param hidden width of a stream, D
   * @param eps of the norms of streams and keys: the model's, for the demonstration form 1.19e-7
   * @param mode whether the updated streams are rounded to bf16
   */
  public EngramFusion(int streams, int hidden, float eps, NumericMode mode) {
    this.streams = streams;
    this.hidden = hidden;
    this.eps = eps;
    this.round = mode.roundsActivations();
  }

  /**
   * Updates the streams of consecutive positions.
   *
   * @param rows looked-up values, {@code [tokens, columns * row width]}
   * @param canonical canonical ids; positions that are {@link EngramIndex#DEAD} stay unchanged
   * @param from index of the first position in {@code canonical}
   * @param x streams before the layer, {@code [tokens, hc, D]}, updated in place
   * @param stretches the sequences that the positions belong to, in order; null without convolution
   * @param layer for the probe, which sees {@code engram_e}, {@code engram_key}, {@code
   *     engram_value}, {@code engram_dot}, {@code engram_gate} and {@code engram_out}
   */
  public void forward(
      EngramWeights w,
      float[] rows,
      int[] canonical,
      int from,
      int tokens,
      float[] x,
      @Nullable List<Stretch> stretches,
      Linear linear,
      int layer,
      @Nullable Probe probe) {
    check(w, stretches);
    int width = w.projection().cols();
    int n = w.projection().rows();
    projected = grow(projected, tokens * n);
    dots = grow(dots, tokens * streams);
    gates = grow(gates, tokens * streams);
    float[] kv = projected;
    keys = w.gate() == null ? 0 : streams;
    linear.apply(w.projection(), rows, width, tokens, kv, n);
    addBias(w, kv, tokens);
    if (probe != null) {
      probe.record(layer, "engram_e", rows, tokens, width);
      probe.record(
          layer, "engram_key", part(kv, tokens, n, 0, keys * hidden), tokens, keys * hidden);
      probe.record(
          layer, "engram_value", part(kv, tokens, n, keys * hidden, hidden), tokens, hidden);
    }
    linear.forEachToken(tokens, t -> gate(w, kv, t, canonical[from + t] == EngramIndex.DEAD, x));
    ShortConvolution convolution = w.convolution();
    if (convolution != null && stretches != null) {
      addConvolved(convolution, stretches, kv, tokens, x, linear);
    } else {
      linear.forEachToken(tokens, t -> addGated(kv, t, x));
    }
    if (probe != null) {
      if (w.gate() != null) {
        probe.record(layer, "engram_dot", dots, tokens, streams);
      }
      probe.record(layer, "engram_gate", gates, tokens, streams);
      probe.record(layer, "engram_out", x, tokens, streams * hidden);
    }
  }

  private void check(EngramWeights w, @Nullable List<Stretch> stretches) {
    float[] gate = w.gate();
    int keys = gate == null ? 0 : streams;
    if (w.projection().rows() != (keys + 1) * hidden
        || (gate != null && gate.length != streams * hidden)) {
      throw new IllegalArgumentException(
          "Engram weights " + w.projection() + " do not fit " + streams + " streams of " + hidden);
    }
    if ((w.convolution() == null) != (stretches == null)) {
      throw new IllegalArgumentException("a history belongs to a convolution");
    }
  }

  private static void addBias(EngramWeights w, float[] kv, int tokens) {
    float[] bias = w.bias();
    if (bias != null) {
      for (int i = 0; i < tokens * bias.length; i++) {
        kv[i] += bias[i % bias.length];
      }
    }
  }

  /** Dots and gates of one token; overwrites its keys. */
  private void gate(EngramWeights w, float[] kv, int t, boolean dead, float[] x) {
    float[] weight = w.gate();
    if (weight == null) {
      Arrays.fill(gates, t * streams, (t + 1) * streams, dead ? 0 : 1);
      return;
    }
    int key = t * (streams + 1) * hidden;
    int h = t * streams * hidden;
    for (int b = 0; b < streams; b++) {
      double rms = inverseRms(x, h) * inverseRms(kv, key);
      for (int i = 0; i < hidden; i++) {
        kv[key + i] *= weight[b * hidden + i];
      }
      float dot = (float) (kernels.dot(x, h, kv, key, hidden) * rms / Math.sqrt(hidden));
      double root = Math.copySign(Math.sqrt(Math.max(Math.abs(dot), GATE_FLOOR)), dot);
      dots[t * streams + b] = dot;
      gates[t * streams + b] = dead ? 0 : (float) (1 / (1 + Math.exp(-root)));
      key += hidden;
      h += hidden;
    }
  }

  private double inverseRms(float[] v, int offset) {
    return 1 / Math.sqrt((double) kernels.dot(v, offset, v, offset, hidden) / hidden + eps);
  }

  private void addGated(float[] kv, int t, float[] x) {
    int value = (t * (keys + 1) + keys) * hidden;
    for (int b = 0; b < streams; b++) {
      int h = (t * streams + b) * hidden;
      kernels.addScaled(gates[t * streams + b], kv, value, x, h, hidden);
    }
    roundStreams(t, x);
  }

  private void addConvolved(
      ShortConvolution convolution,
      List<Stretch> stretches,
      float[] kv,
      int tokens,
      float[] x,
      Linear linear) {
    int n = streams * hidden;
    gated = grow(gated, tokens * n);
    float[] u = gated;
    Arrays.fill(u, 0, tokens * n, 0);
    linear.forEachToken(
        tokens,
        t -> {
          int value = (t * (keys + 1) + keys) * hidden;
          for (int b = 0; b < streams; b++) {
            int at = t * n + b * hidden;
            kernels.addScaled(gates[t * streams + b], kv, value, u, at, hidden);
          }
        });
    for (Stretch s : stretches) {
      convolution.apply(s.first(), s.count(), u, s.history());
    }
    linear.forEachToken(
        tokens,
        t -> {
          kernels.addScaled(1, u, t * n, x, t * n, n);
          roundStreams(t, x);
        });
  }

  private void roundStreams(int t, float[] x) {
    if (round) {
      kernels.roundBf16(x, t * streams * hidden, streams * hidden);
    }
  }

  private static float[] part(float[] kv, int tokens, int stride, int offset, int count) {
    float[] out = new float[tokens * count];
    for (int t = 0; t < tokens; t++) {
      System.arraycopy(kv, t * stride + offset, out, t * count, count);
    }
    return out;
  }

  private static float[] grow(float[] buffer, int size) {
    return buffer.length >= size ? buffer : new float[size];
  }
}
