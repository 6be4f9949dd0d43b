package io.hadal.model.engram;

import io.hadal.kernels.Kernels;
import java.util.Arrays;

/**
 * Causal depthwise convolution over the gated values of all streams (engram spec 3.2): per stream
 * an RMS norm, four taps {@code dilation} positions apart, SiLU. Immutable.
 */
public final class ShortConvolution {
  /** Taps of a channel. */
  public static final int TAPS = 4;

  private static final float NORM_EPS = 1e-5f;

  private final Kernels kernels = Kernels.get();
  private final int streams;
  private final int hidden;
  private final int dilation;
  private final float[] norm;
  // One row of channels a tap.
  private final float[] taps;

  /**
   * @param weights {@code [streams * hidden, 4]}, the newest position's tap last
   * @param norm {@code [streams, hidden]}
   * @param dilation positions between taps: the longest n-gram
   */
  public ShortConvolution(int streams, int hidden, int dilation, float[] weights, float[] norm) {
    int channels = streams * hidden;
    if (weights.length != channels * TAPS || norm.length != channels || dilation < 1) {
      throw new IllegalArgumentException("convolution weights do not fit " + channels);
    }
    this.streams = streams;
    this.hidden = hidden;
    this.dilation = dilation;
    this.norm = norm.clone();
    this.taps = new float[weights.length];
    for (int c = 0; c < channels; c++) {
      for (int j = 0; j < TAPS; j++) {
        taps[j * channels + c] = weights[c * TAPS + j];
      }
    }
  }

  /** What a sequence must remember: the normalised values of its last positions. */
  public static final class History {
    private final float[] rows;
    private float[] added = new float[0];

    private History(float[] rows) {
      this.rows = rows;
    }

    /** Rows that the last {@link ShortConvolution#apply} has appended. */
    public float[] added() {
      return added;
    }

    public History copy() {
      return new History(rows.clone());
    }

    /** Takes the content of a copy back. */
    public void restore(History saved) {
      System.arraycopy(saved.rows, 0, rows, 0, rows.length);
    }

    /** The content, oldest position first. */
    public float[] rows() {
      return rows;
    }
  }

  /** The history before a sequence's first position. */
  public History start() {
    return new History(new float[reach() * channels()]);
  }

  /** Positions that a {@link History} holds. */
  public int reach() {
    return reach(dilation);
  }

  /** Positions that a convolution of a dilation looks back. */
  public static int reach(int dilation) {
    return (TAPS - 1) * dilation;
  }

  private int channels() {
    return streams * hidden;
  }

  /**
   * Adds the convolution of consecutive positions to their values.
   *
   * @param gated {@code [tokens, streams, hidden]} from row {@code first}, updated in place
   * @param history of the positions before; moved on
   */
  public void apply(int first, int tokens, float[] gated, History history) {
    int n = channels();
    int before = history.rows.length;
    float[] rows = Arrays.copyOf(history.rows, before + tokens * n);
    for (int t = 0; t < tokens; t++) {
      for (int b = 0; b < streams; b++) {
        int at = t * n + b * hidden;
        kernels.rmsNorm(gated, first * n + at, hidden, null, NORM_EPS, rows, before + at);
      }
      for (int c = 0; c < n; c++) {
        rows[before + t * n + c] *= norm[c];
      }
    }
    float[] sum = new float[n];
    for (int t = 0; t < tokens; t++) {
      Arrays.fill(sum, 0);
      for (int j = 0; j < TAPS; j++) {
        int row = (t + j * dilation) * n;
        for (int c = 0; c < n; c++) {
          sum[c] = Math.fma(taps[j * n + c], rows[row + c], sum[c]);
        }
      }
      for (int c = 0; c < n; c++) {
        gated[(first + t) * n + c] += (float) (sum[c] / (1 + Math.exp(-sum[c])));
      }
    }
    System.arraycopy(rows, tokens * n, history.rows, 0, before);
    history.added = Arrays.copyOfRange(rows, before, rows.length);
  }
}
