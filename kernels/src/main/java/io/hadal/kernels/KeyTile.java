package io.hadal.kernels;

/**
 * How {@link #KEYS} index keys lie together: a row per value, keys side by side, so that a vector
 * holds one value of many keys. The rows of one logical lane of the canonical reduction (values l,
 * l + 16, l + 32, ...) follow each other.
 */
public final class KeyTile {
  public static final int KEYS = 64;

  private static final int LANES = 16;

  private KeyTile() {}

  /** First row of a logical lane in keys of {@code width} values; lane 16 gives their number. */
  public static int laneStart(int lane, int width) {
    return lane * (width / LANES) + Math.min(lane, width % LANES);
  }

  /** Row of a key's value k. */
  public static int row(int k, int width) {
    return laneStart(k % LANES, width) + k / LANES;
  }

  /**
   * Place of a key among the bytes of a row, so that the bytes of 32-bit words are 16 keys apart.
   */
  public static int place(int key) {
    return key % LANES * 4 + key / LANES;
  }

  /** Bytes of a packed tile: codes of two rows share a byte, then a scale per 32 values. */
  public static int fp4Bytes(int width) {
    return KEYS * ((width + 1) / 2 + (width + 31) / 32);
  }

  /** Byte of a key's code for value k in a packed tile; odd rows have the high half. */
  public static int fp4Code(int key, int k, int width) {
    return row(k, width) / 2 * KEYS + place(key);
  }

  /** Byte of a key's scale for value k in a packed tile. */
  public static int fp4Scale(int key, int k, int width) {
    return ((width + 1) / 2 + k / 32) * KEYS + place(key);
  }
}
