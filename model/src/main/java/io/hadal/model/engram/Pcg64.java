package io.hadal.model.engram;

/**
 * NumPy's {@code default_rng(seed)}: SeedSequence and PCG64 (XSL-RR 128/64), as far as the hash
 * multipliers need it (engram spec 2.2).
 */
final class Pcg64 {
  private static final int POOL = 4;
  private static final int INIT_A = 0x43b0d7e5;
  private static final int MULT_A = 0x931e8875;
  private static final int INIT_B = 0x8b51f9dd;
  private static final int MULT_B = 0x58f38ded;
  private static final int MIX_L = 0xca01f9dd;
  private static final int MIX_R = 0x4973f715;
  private static final long STEP_HIGH = 0x2360ED051FC65DA4L;
  private static final long STEP_LOW = 0x4385DF649FCCF645L;

  private final long incrementHigh;
  private final long incrementLow;
  private long high;
  private long low;

  /**
   * @param seed not negative
   */
  Pcg64(long seed) {
    long[] words = new SeedSequence(seed).words();
    incrementHigh = words[2] << 1 | words[3] >>> 63;
    incrementLow = words[3] << 1 | 1;
    step();
    add(words[0], words[1]);
    step();
  }

  /** The next 64 random bits. */
  long nextLong() {
    step();
    return Long.rotateRight(high ^ low, (int) (high >>> 58));
  }

  /**
   * A uniform number in {@code 0 .. bound - 1} as {@code integers(0, bound)} draws it.
   *
   * @param bound above 2^32; below NumPy takes another path
   */
  long nextLong(long bound) {
    if (bound <= 1L << 32) {
      throw new IllegalArgumentException("bound " + bound + " is not above 2^32");
    }
    long draw = nextLong();
    long leftover = draw * bound;
    if (Long.compareUnsigned(leftover, bound) < 0) {
      long threshold = Long.remainderUnsigned(-bound, bound);
      while (Long.compareUnsigned(leftover, threshold) < 0) {
        draw = nextLong();
        leftover = draw * bound;
      }
    }
    return Math.unsignedMultiplyHigh(draw, bound);
  }

  private void step() {
    long product = low * STEP_LOW;
    high = Math.unsignedMultiplyHigh(low, STEP_LOW) + high * STEP_LOW + low * STEP_HIGH;
    low = product;
    add(incrementHigh, incrementLow);
  }

  private void add(long otherHigh, long otherLow) {
    low += otherLow;
    high += otherHigh + (Long.compareUnsigned(low, otherLow) < 0 ? 1 : 0);
  }

  /** Spreads a seed over a pool of 32-bit words. */
  private static final class SeedSequence {
    private final int[] pool = new int[POOL];
    private int hash = INIT_A;

    SeedSequence(long seed) {
      if (seed < 0) {
        throw new IllegalArgumentException("negative seed " + seed);
      }
      int[] entropy = {(int) seed, (int) (seed >>> 32), 0, 0};
      for (int i = 0; i < POOL; i++) {
        pool[i] = scramble(entropy[i]);
      }
      for (int from = 0; from < POOL; from++) {
        for (int to = 0; to < POOL; to++) {
          if (to != from) {
            int mixed = MIX_L * pool[to] - MIX_R * scramble(pool[from]);
            pool[to] = mixed ^ mixed >>> 16;
          }
        }
      }
    }

    private int scramble(int word) {
      int v = word ^ hash;
      hash *= MULT_A;
      v *= hash;
      return v ^ v >>> 16;
    }

    /** Four 64-bit words. */
    long[] words() {
      long[] words = new long[POOL];
      int g = INIT_B;
      for (int k = 0; k < 2 * POOL; k++) {
        int v = pool[k % POOL] ^ g;
        g *= MULT_B;
        v *= g;
        v ^= v >>> 16;
        words[k / 2] |= (v & 0xffff_ffffL) << 32 * (k % 2);
      }
      return words;
    }
  }
}
