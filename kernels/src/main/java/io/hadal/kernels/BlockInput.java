package io.hadal.kernels;

import java.util.Arrays;

/**
 * Activations as 8-bit integers with one f32 scale for every 32 columns: {@code x = scale * code},
 * {@code scale = max|x| / 127}, codes rounded to nearest, even on a tie. A block whose largest
 * value is below 1e-30 is zero; one that holds NaN or an infinity has the scale NaN. Memory is
 * reused from one {@link #begin} to the next.
 */
public final class BlockInput {
  /** What the kernels of a layout read besides codes, scales and sums. */
  public enum Form {
    /** Codes only. */
    CODES,
    /** {@link #pairs()} of columns (8 t + n, 8 t + n + 4), n below 4. */
    PLANES,
    /** {@link #quads()}. */
    BYTES,
    /** {@link #pairs()} of columns (j, 16 + j) and (8 + j, 24 + j), j below 8. */
    GRID,
    /** {@link #pairs()} of columns (16 h + j, 16 h + 8 + j), j below 8. */
    EIGHTS,
    /** {@link #panels()}. */
    PANELS,
    /** {@link #tiles()} in place of {@link #codes()}. */
    TILES,
    /** {@link #ordered()} in place of {@link #codes()}. */
    ORDERED
  }

  /** Quantises tokens of the form {@link Form#ORDERED}. */
  @FunctionalInterface
  public interface OrderedForm {
    /**
     * Writes the codes, scales and sums of token {@code t}, to be found in {@code to}.
     *
     * @param offset first of the token's values in {@code x}
     */
    void quantize(BlockInput to, int t, float[] x, int offset);
  }

  /** Tokens of a panel and of a tile. */
  public static final int PANEL = 8;

  /** Blocks of a token that lie side by side in a tile. */
  public static final int TILE_BLOCKS = 4;

  private static final int TILE_BYTES = 32 * TILE_BLOCKS;

  /** Codes of a token on their way to tiles. */
  private static final ThreadLocal<byte[]> CODES = ThreadLocal.withInitial(() -> new byte[0]);

  /** Blocks whose values are all below it are zero. */
  public static final float LEAST = 1e-30f;

  /** Adding it rounds to an integer, which is then in the low bits. */
  public static final float ROUND = 0x1.8p23f;

  public static final int ROUND_BITS = Float.floatToRawIntBits(ROUND);

  private final InputQuantizer quantizer = KernelProvider.QUANTIZER;
  private Form form = Form.CODES;
  private int tokens;
  private int cols;
  private int blocks;
  private byte[] codes = new byte[0];
  private float[] scales = new float[0];
  private int[] sums = new int[0];
  private int[] pairs = new int[0];
  private long[] quads = new long[0];
  private float[] panels = new float[0];
  private float[] panelSums = new float[0];
  private byte[] tiles = new byte[0];
  private byte[] ordered = new byte[0];
  private OrderedForm orderedForm = (to, t, x, offset) -> {};
  private int height = 1;

  /**
   * Makes room; every token must then be given to {@link #quantize}, by any thread.
   *
   * @param cols a multiple of 32
   */
  public void begin(int tokens, int cols, Form form) {
    if (cols % 32 != 0) {
      throw new IllegalArgumentException(cols + " columns do not fill blocks of 32");
    }
    this.form = form;
    this.tokens = tokens;
    this.cols = cols;
    this.blocks = cols / 32;
    int n = tokens * cols;
    int padded = (tokens + PANEL - 1) / PANEL * PANEL;
    if (scales.length < padded * blocks) {
      scales = new float[padded * blocks];
      sums = new int[2 * padded * blocks];
    }
    if (form != Form.ORDERED && form != Form.TILES && codes.length < n) {
      codes = new byte[n];
    }
    switch (form) {
      case CODES, ORDERED -> {}
      case TILES -> {
        int bytes = padded * tileSteps() * TILE_BYTES;
        if (tiles.length < bytes) {
          tiles = new byte[bytes];
        }
      }
      case PANELS -> {
        if (panels.length < padded * cols) {
          panels = new float[padded * cols];
          panelSums = new float[padded * cols / 16];
        }
        if (padded > tokens) {
          Arrays.fill(panels, (padded - PANEL) * cols, padded * cols, 0);
        }
      }
      case BYTES -> {
        if (quads.length < n / 4) {
          quads = new long[n / 4];
        }
      }
      case PLANES, GRID, EIGHTS -> {
        if (pairs.length < n / 2) {
          pairs = new int[n / 2];
        }
      }
    }
  }

  /**
   * {@link #begin} in the form {@link Form#ORDERED}.
   *
   * @param height tokens side by side
   * @param quantizer what fills the arrays
   */
  public void begin(int tokens, int cols, int height, OrderedForm quantizer) {
    begin(tokens, cols, Form.ORDERED);
    this.orderedForm = quantizer;
    this.height = height;
    int padded = (tokens + height - 1) / height * height;
    if (ordered.length < padded * cols) {
      ordered = new byte[padded * cols];
    }
  }

  /** Quantises token {@code t} from {@code cols} values. */
  public void quantize(int t, float[] x, int offset) {
    if (form == Form.ORDERED) {
      orderedForm.quantize(this, t, x, offset);
      return;
    }
    if (form == Form.TILES) {
      tile(t, x, offset);
      return;
    }
    quantizer.quantize(
        x, offset, blocks, codes, t * cols, scales, t * blocks, sums, 2 * t * blocks);
    switch (form) {
      case CODES, ORDERED, TILES -> {}
      case PLANES -> planePairs(t);
      case BYTES -> quads(t);
      case GRID -> pairs(t, 32);
      case EIGHTS -> pairs(t, 16);
      case PANELS -> panel(t);
    }
  }

  /** A value of at most 127 in magnitude, rounded to an integer. */
  public static byte code(float x) {
    return (byte) (Float.floatToRawIntBits(x + ROUND) - ROUND_BITS);
  }

  private void planePairs(int t) {
    for (int i = t * cols; i < (t + 1) * cols; i += 8) {
      for (int n = 0; n < 4; n++) {
        pairs[i / 2 + n] = codes[i + n] & 0xffff | codes[i + n + 4] << 16;
      }
    }
  }

  private void quads(int t) {
    for (int i = t * cols; i < (t + 1) * cols; i += 4) {
      int low = codes[i] & 0xffff | codes[i + 1] << 16;
      int high = codes[i + 2] & 0xffff | codes[i + 3] << 16;
      quads[i / 4] = low & 0xffffffffL | (long) high << 32;
    }
  }

  /** Columns of the first half of every {@code span} with those of its second half. */
  private void pairs(int t, int span) {
    int half = span / 2;
    for (int i = t * cols; i < (t + 1) * cols; i += span) {
      for (int j = 0; j < half; j++) {
        pairs[i / 2 + j] = codes[i + j] & 0xffff | codes[i + j + half] << 16;
      }
    }
  }

  private void panel(int t) {
    int at = t / PANEL * PANEL * cols + t % PANEL * 32;
    int from = t * cols;
    for (int b = 0; b < blocks; b++) {
      spread(codes, from + 32 * b, panels, at + PANEL * 32 * b);
    }
    int sumsAt = t / PANEL * PANEL * 2 * blocks + t % PANEL;
    for (int h = 0; h < 2 * blocks; h++) {
      panelSums[sumsAt + PANEL * h] = -sums[2 * t * blocks + h];
    }
  }

  private void tile(int t, float[] x, int offset) {
    byte[] own = CODES.get();
    if (own.length < cols) {
      own = new byte[cols];
      CODES.set(own);
    }
    quantizer.quantize(x, offset, blocks, own, 0, scales, t * blocks, sums, 2 * t * blocks);
    for (int b = 0; b < blocks; b += TILE_BLOCKS) {
      System.arraycopy(own, 32 * b, tiles, tileAt(t, b), 32 * Math.min(TILE_BLOCKS, blocks - b));
    }
  }

  private int tileSteps() {
    return (blocks + TILE_BLOCKS - 1) / TILE_BLOCKS;
  }

  /** Place in {@link #tiles()} of block {@code b}, a multiple of {@link #TILE_BLOCKS}. */
  public int tileAt(int t, int b) {
    return ((t / PANEL * tileSteps() + b / TILE_BLOCKS) * PANEL + t % PANEL) * TILE_BYTES;
  }

  /**
   * Codes in a form of their own order or not, to be read at {@link #codesAt}; not {@code ORDERED}.
   */
  public byte[] blockCodes() {
    return form == Form.TILES ? tiles : codes;
  }

  /** First of the 32 codes of block {@code b} of token {@code t} in {@link #blockCodes()}. */
  public int codesAt(int t, int b) {
    return form == Form.TILES
        ? tileAt(t, b - b % TILE_BLOCKS) + b % TILE_BLOCKS * 32
        : t * cols + 32 * b;
  }

  private static void spread(byte[] from, int at, float[] to, int toAt) {
    for (int k = 0; k < 32; k++) {
      to[toAt + k] = from[at + k];
    }
  }

  public int tokens() {
    return tokens;
  }

  public int cols() {
    return cols;
  }

  /** Blocks of a token. */
  public int blocks() {
    return blocks;
  }

  public Form form() {
    return form;
  }

  /** {@code [tokens, cols]}; not in the forms {@link Form#ORDERED} and {@link Form#TILES}. */
  public byte[] codes() {
    return codes;
  }

  /** {@code [tokens, blocks]}; there is room for whole panels of tokens. */
  public float[] scales() {
    return scales;
  }

  /** Sums of codes of 16 columns, {@code [tokens, blocks, 2]}. */
  public int[] sums() {
    return sums;
  }

  /** Two codes as 16-bit halves of an int, the first low; {@code [tokens, blocks, 16]}. */
  public int[] pairs() {
    return pairs;
  }

  /** Four codes as 16-bit parts of a long, the first lowest; {@code [tokens, blocks, 8]}. */
  public long[] quads() {
    return quads;
  }

  /** Codes as f32, {@code [tokens / 8, blocks, 8, 32]}, zero past the last token. */
  public float[] panels() {
    return panels;
  }

  /** Tokens side by side in {@link #ordered()}. */
  public int height() {
    return height;
  }

  /** Codes in the order of the kernels, {@code [tokens / height, blocks, height, 32]}. */
  public byte[] ordered() {
    return ordered;
  }

  /**
   * Codes {@code [tokens / 8, blocks / 4, 8, 4 * 32]}: what a product of several tokens reads
   * together lies together, where rows of a token are whole pages apart.
   */
  public byte[] tiles() {
    return tiles;
  }

  /** Negative {@link #sums()} as f32, {@code [tokens / 8, blocks, 2, 8]}. */
  public float[] panelSums() {
    return panelSums;
  }
}
