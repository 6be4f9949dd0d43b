package io.hadal.kernels;

import java.util.Arrays;

/**
 * Index queries as 8-bit integers with one scale a head, which is part of the head's weight. Memory
 * is reused from one {@link #begin} to the next.
 */
public final class ByteQueries {
  private int heads;
  private int width;
  private int padded;
  private byte[] codes = new byte[0];
  private float[] values = new float[0];
  private float[] weights = new float[0];

  /** Makes room; every token must then be given to {@link #quantize}, by any thread. */
  public void begin(int tokens, int heads, int width) {
    this.heads = heads;
    this.width = width;
    this.padded = ByteTile.padded(width);
    int n = tokens * heads * padded;
    if (codes.length < n) {
      codes = new byte[n];
      values = new float[n];
      weights = new float[tokens * heads];
    }
  }

  /**
   * Quantises a token.
   *
   * @param q {@code [heads, width]} from {@code qOffset}
   * @param w weights of the heads from {@code wOffset}
   */
  public void quantize(int t, float[] q, int qOffset, float[] w, int wOffset) {
    byte[] signed = new byte[padded];
    for (int h = 0; h < heads; h++) {
      Arrays.fill(signed, (byte) 0);
      float scale = ByteTile.quantize(q, qOffset + h * width, width, signed, 0);
      weights[t * heads + h] = w[wOffset + h] * scale;
      int at = (t * heads + h) * padded;
      for (int k = 0; k < padded; k++) {
        codes[at + k] = (byte) (signed[k] + 128);
        values[at + k] = signed[k];
      }
    }
  }

  public int heads() {
    return heads;
  }

  /** Values of a head with those that fill its last word. */
  public int padded() {
    return padded;
  }

  /** Unsigned bytes, codes plus 128, {@code [tokens, heads, padded]}. */
  public byte[] codes() {
    return codes;
  }

  /** Codes as f32, {@code [tokens, heads, padded]}. */
  public float[] values() {
    return values;
  }

  /** Weights times scales, {@code [tokens, heads]}. */
  public float[] weights() {
    return weights;
  }
}
