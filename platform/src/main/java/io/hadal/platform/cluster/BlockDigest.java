package io.hadal.platform.cluster;

import java.util.Base64;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/**
 * What blocks a prompt cache holds, as a Bloom filter that others can read: it never forgets a
 * block that is there, and claims one that is not there in about one of a hundred cases when it is
 * full.
 */
public final class BlockDigest {
  /** Of nothing. */
  public static final BlockDigest EMPTY = new BlockDigest(new byte[0]);

  static final int BITS = 1 << 17;
  static final int HASHES = 4;

  /** Longest text: the bits as they are, and what framing adds. */
  private static final int MOST_TEXT = BITS / 6 + 1024;

  private final byte[] bits;

  private BlockDigest(byte[] bits) {
    this.bits = bits;
  }

  static BlockDigest of(byte[] bits) {
    return new BlockDigest(bits);
  }

  /** The digest of a text; of nothing when it is none. */
  public static BlockDigest parse(String text) {
    if (text.isEmpty() || text.length() > MOST_TEXT) {
      return EMPTY;
    }
    Inflater inflater = new Inflater();
    try {
      inflater.setInput(Base64.getDecoder().decode(text));
      byte[] bits = new byte[BITS / 8];
      int length = inflater.inflate(bits);
      return length == bits.length ? new BlockDigest(bits) : EMPTY;
    } catch (IllegalArgumentException | DataFormatException e) {
      return EMPTY;
    } finally {
      inflater.end();
    }
  }

  /** As text for a database. */
  public String text() {
    if (bits.length == 0) {
      return "";
    }
    Deflater deflater = new Deflater(Deflater.BEST_SPEED);
    try {
      deflater.setInput(bits);
      deflater.finish();
      byte[] packed = new byte[bits.length + 512];
      int length = deflater.deflate(packed);
      return Base64.getEncoder().encodeToString(java.util.Arrays.copyOf(packed, length));
    } finally {
      deflater.end();
    }
  }

  public boolean isEmpty() {
    return bits.length == 0;
  }

  /** Whether a block seems to be there. */
  public boolean holds(long block) {
    if (bits.length == 0) {
      return false;
    }
    for (int i = 0; i < HASHES; i++) {
      int at = place(block, i);
      if ((bits[at >> 3] & (1 << (at & 7))) == 0) {
        return false;
      }
    }
    return true;
  }

  /** How many blocks a prompt has there from its beginning. */
  public int depth(long[] blocks) {
    int depth = 0;
    while (depth < blocks.length && holds(blocks[depth])) {
      depth++;
    }
    return depth;
  }

  /** Bit of the i-th hash of a block: parts of 17 bits, since blocks are hashes themselves. */
  static int place(long block, int i) {
    return (int) ((block >>> (16 * i)) ^ (block << (3 * i))) & (BITS - 1);
  }
}
