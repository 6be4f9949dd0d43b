package io.hadal.kernels;

/**
 * Rotary position embedding over interleaved pairs (2i, 2i + 1), spec 3.1. The angle of pair i is
 * the f32 product of position and frequency i.
 */
public final class Rope {
  private final float[] frequencies;

  /**
   * @param frequencies one per pair; see {@link #frequencies(int, double)}
   */
  public Rope(float[] frequencies) {
    this.frequencies = frequencies.clone();
  }

  /** {@code 1 / theta^(2i/dim)} for each of {@code dim / 2} pairs. */
  public static float[] frequencies(int dim, double theta) {
    if (dim < 2 || dim % 2 != 0) {
      throw new IllegalArgumentException("rotated width " + dim + " is not even");
    }
    float[] f = new float[dim / 2];
    for (int i = 0; i < f.length; i++) {
      f[i] = 1 / (float) Math.pow(theta, 2 * i / (float) dim);
    }
    return f;
  }

  /**
   * Frequencies with YaRN interpolation: pairs that turn fewer than {@code betaSlow} times within
   * the original context are slowed by {@code factor}, those above {@code betaFast} turns are kept,
   * with a linear ramp between. Amplitudes stay as they are.
   */
  public static float[] yarnFrequencies(
      int dim, double theta, double factor, int originalContext, double betaFast, double betaSlow) {
    float[] f = frequencies(dim, theta);
    double low = Math.max(Math.floor(correction(dim, theta, originalContext, betaFast)), 0);
    double high = Math.min(Math.ceil(correction(dim, theta, originalContext, betaSlow)), dim - 1.0);
    if (low == high) {
      high += 0.001;
    }
    for (int i = 0; i < f.length; i++) {
      float ramp = (float) Math.clamp((i - low) / (high - low), 0, 1);
      float keep = 1 - ramp;
      f[i] = f[i] / (float) factor * (1 - keep) + f[i] * keep;
    }
    return f;
  }

  private static double correction(int dim, double theta, int context, double turns) {
    return dim * Math.log(context / (turns * 2 * Math.PI)) / (2 * Math.log(theta));
  }

  /** Rotated values of a row. */
  public int dim() {
    return 2 * frequencies.length;
  }

  /** Cosines and sines of all pairs at a position. */
  public void cosSin(long position, float[] cosOut, float[] sinOut) {
    for (int i = 0; i < frequencies.length; i++) {
      double angle = (float) position * frequencies[i];
      cosOut[i] = (float) Math.cos(angle);
      sinOut[i] = (float) Math.sin(angle);
    }
  }

  /**
   * Rotates {@code 2 * cos.length} values.
   *
   * @param offset first rotated value
   * @param inverse by the negative angle
   */
  public static void rotate(float[] x, int offset, float[] cos, float[] sin, boolean inverse) {
    for (int i = 0; i < cos.length; i++) {
      int at = offset + 2 * i;
      float s = inverse ? -sin[i] : sin[i];
      float a = x[at];
      float b = x[at + 1];
      x[at] = a * cos[i] - b * s;
      x[at + 1] = a * s + b * cos[i];
    }
  }

  /** {@link #cosSin} and {@link #rotate} in one. */
  public void apply(float[] x, int offset, long position, boolean inverse) {
    float[] cos = new float[frequencies.length];
    float[] sin = new float[frequencies.length];
    cosSin(position, cos, sin);
    rotate(x, offset, cos, sin, inverse);
  }
}
