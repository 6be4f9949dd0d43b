package io.hadal.model.engram;

import io.hadal.kernels.Matrix;
import org.jspecify.annotations.Nullable;

/** Weights of one layer's module beside its table, for hc streams of width D. */
public final class EngramWeights {
  private final Matrix projection;
  private final float @Nullable [] bias;
  private final float @Nullable [] gate;
  private final @Nullable ShortConvolution convolution;

  private EngramWeights(
      Matrix projection,
      float @Nullable [] bias,
      float @Nullable [] queryNorm,
      float @Nullable [] keyNorm,
      @Nullable ShortConvolution convolution) {
    this.projection = projection;
    this.bias = bias;
    this.convolution = convolution;
    if (bias != null && bias.length != projection.rows()) {
      throw new IllegalArgumentException("an Engram bias of " + bias.length + " for " + projection);
    }
    if (queryNorm == null || keyNorm == null) {
      this.gate = null;
      return;
    }
    if (queryNorm.length != keyNorm.length) {
      throw new IllegalArgumentException("Engram weights do not fit each other");
    }
    float[] product = new float[queryNorm.length];
    for (int i = 0; i < product.length; i++) {
      product[i] = queryNorm[i] * keyNorm[i];
    }
    this.gate = product;
  }

  /** {@code [(hc + 1) D, row values]} or, without gates, {@code [D, row values]}. */
  public Matrix projection() {
    return projection;
  }

  /** Bias of the projection, a value for each of its rows; null without. Not to be changed. */
  public float @Nullable [] bias() {
    return bias;
  }

  /**
   * Product of both norms' weights, {@code [hc, D]}; null when the value is added without a gate.
   * Not to be changed.
   */
  public float @Nullable [] gate() {
    return gate;
  }

  /** The convolution over the gated values; null without. */
  public @Nullable ShortConvolution convolution() {
    return convolution;
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
   * Values that are added to every stream as they are.
   *
   * @param projection {@code [D, row values]}
   * @param bias of the projection, {@code [D]}, or null
   * @param convolution over the values, or null
   */
  public static EngramWeights ungated(
      Matrix projection, float @Nullable [] bias, @Nullable ShortConvolution convolution) {
    return new EngramWeights(projection, bias, null, null, convolution);
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
