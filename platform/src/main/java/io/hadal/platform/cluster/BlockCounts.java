package io.hadal.platform.cluster;

/**
 * A counting Bloom filter of blocks, so that they can go as well as come. Not for several threads.
 */
public final class BlockCounts {
  private static final int FULL = 255;

  private final byte[] counts = new byte[BlockDigest.BITS];

  /** A block is there. */
  public void add(long block) {
    for (int i = 0; i < BlockDigest.HASHES; i++) {
      int at = BlockDigest.place(block, i);
      if ((counts[at] & FULL) < FULL) {
        counts[at]++;
      }
    }
  }

  /** A block that was added is gone. */
  public void remove(long block) {
    for (int i = 0; i < BlockDigest.HASHES; i++) {
      int at = BlockDigest.place(block, i);
      int count = counts[at] & FULL;
      // What has reached the most is not known any more; it stays.
      if (count > 0 && count < FULL) {
        counts[at]--;
      }
    }
  }

  /** What others may know. */
  public BlockDigest digest() {
    byte[] bits = new byte[BlockDigest.BITS / 8];
    boolean any = false;
    for (int i = 0; i < counts.length; i++) {
      if (counts[i] != 0) {
        bits[i >> 3] |= (byte) (1 << (i & 7));
        any = true;
      }
    }
    return any ? BlockDigest.of(bits) : BlockDigest.EMPTY;
  }
}
