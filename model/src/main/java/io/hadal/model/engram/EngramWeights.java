package io.hadal.model.engram;

import io.hadal.kernels.Matrix;
import org.jspecify.annotations.Nullable;

/** Weights of one layer's module beside its table, for hc streams of width D. */
public final class EngramWeights {
  final Matrix projection;
  final float @Nullable [] bias;
  final float[] gate;
  final @Nullable ShortConvolution convolution;

  private EngramWeights(
      Matrix projection,
      float @Nullable [] bias,
      float[] queryNorm,
      float[] keyNorm,
      @Nullable ShortConvolution convolution) {
    if (queryNorm.length != keyNorm.length || (bias != null && bias.length != projection.rows())) {
      throw new IllegalArgumentException("Engram weights do not fit each other");
    }
    this.projection = projection;
    this.bias = bias;
    this.convolution = convolution;
    this.gate = new float[queryNorm.length];
    for (int i = 0; i < gate.length; i++) {
      gate[i] = queryNorm[i] * keyNorm[i];
    }
  }

  /**
   * The released form (engram spec 3.1).
   *
   * @param projection {@code [(hc + 1) D, row values]}: the keys of the streams, then the value
   * @param queryNorm norm weights of the streams, {@code [hc, D]}
   * @param keyNorm norm weights of the keys, {@code [hc, D]}
   */
  public static EngramWeights released(Matrix projection, float[] queryNorm, float[] keyNorm) {
    return new EngramWeights(projection, null, queryNorm, keyNorm, null);
  }

  /**
   * The form of the paper's demonstration code (engram spec 3.2).
   *
   * @param bias of the projection, {@code [(hc + 1) D]}, or null
   * @param convolution over the gated values, or null
   */
  public static EngramWeights of(
      Matrix projection,
      float @Nullable [] bias,
      float[] queryNorm,
      float[] keyNorm,
      @Nullable ShortConvolution convolution) {
    return new EngramWeights(projection, bias, queryNorm, keyNorm, convolution);
  }
}
