package io.hadal.engine.tiny;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Hash constants and row ids of engram spec 2, one number at a time. */
final class EngramReference {
  private static final BigInteger WORD = BigInteger.ONE.shiftLeft(64);
  private static final BigInteger STATE = BigInteger.ONE.shiftLeft(128);
  private static final BigInteger STEP = new BigInteger("2360ED051FC65DA44385DF649FCCF645", 16);

  private final V41Config c;
  private final int[] canonical;
  private final int canonicalSize;
  // [layer][column]
  private final long[][] primes;
  private final long[][] multipliers;

  /**
   * @param canonical canonical id of every token id
   */
  EngramReference(V41Config c, int[] canonical) {
    this.c = c;
    this.canonical = canonical;
    this.canonicalSize = Arrays.stream(canonical).max().orElse(-1) + 1;
    this.primes = new long[c.engramLayers.length][c.engramColumns()];
    this.multipliers = new long[c.engramLayers.length][c.engramOrder];
    long prime = c.engramVocab - 1;
    for (int l = 0; l < c.engramLayers.length; l++) {
      for (int i = 0; i < primes[l].length; i++) {
        do {
          prime++;
        } while (!isPrime(prime));
        primes[l][i] = prime;
      }
      Numpy random = new Numpy(10007L * c.engramLayers[l]);
      long bound = Math.max(1, Long.MAX_VALUE / canonicalSize / 2);
      for (int s = 0; s < c.engramOrder; s++) {
        multipliers[l][s] = 2 * random.below(bound) + 1;
      }
    }
  }

  private static boolean isPrime(long v) {
    for (long f = 2; f * f <= v; f++) {
      if (v % f == 0) {
        return false;
      }
    }
    return v > 1;
  }

  int canonicalSize() {
    return canonicalSize;
  }

  /** Rows of every layer's table. */
  long[] rows() {
    return Arrays.stream(primes).mapToLong(p -> Arrays.stream(p).sum()).toArray();
  }

  long[] multipliers(int place) {
    return multipliers[place].clone();
  }

  long[] primes(int place) {
    return primes[place].clone();
  }

  /**
   * Rows that a position reads.
   *
   * @param place which of the Engram layers
   */
  long[] rows(int place, int[] tokens, int t, ReferenceV41 model) {
    long[] m = multipliers[place].clone();
    if (model.wrong(Mistake.ENGRAM_MULTIPLIERS_REVERSED)) {
      for (int s = 1; s < m.length; s++) {
        m[s] = multipliers[place][m.length - s];
      }
    }
    long pad = canonical[c.engramPad];
    long roll = 0;
    long offset = 0;
    int column = 0;
    List<Long> rows = new ArrayList<>();
    for (int s = 0; s < c.engramOrder; s++) {
      long id = t - s < 0 ? pad : canonical[tokens[t - s]];
      if (model.wrong(Mistake.ENGRAM_RAW_IDS) && t - s >= 0) {
        id = tokens[t - s] % canonicalSize;
      }
      roll ^= id * m[s];
      for (int k = 0; s > 0 && k < c.engramHeads; k++) {
        rows.add(roll % primes[place][column] + offset);
        offset += primes[place][column++];
      }
    }
    if (model.wrong(Mistake.ENGRAM_HEADS_FIRST)) {
      List<Long> other = new ArrayList<>();
      for (int k = 0; k < c.engramHeads; k++) {
        for (int order = 0; order < c.engramOrder - 1; order++) {
          other.add(rows.get(order * c.engramHeads + k));
        }
      }
      rows = other;
    }
    return rows.stream().mapToLong(Long::longValue).toArray();
  }

  /** {@code numpy.random.default_rng(seed)} for seeds of one or two words. */
  private static final class Numpy {
    private static final int POOL = 4;
    private final BigInteger increment;
    private BigInteger state;
    private int hash = 0x43b0d7e5;

    Numpy(long seed) {
      int[] words = {(int) seed, (int) (seed >>> 32)};
      int[] pool = new int[POOL];
      for (int i = 0; i < POOL; i++) {
        pool[i] = hashMix(i < words.length ? words[i] : 0);
      }
      for (int i = 0; i < POOL; i++) {
        for (int j = 0; j < POOL; j++) {
          if (i != j) {
            int r = 0xca01f9dd * pool[j] - 0x4973f715 * hashMix(pool[i]);
            pool[j] = r ^ r >>> 16;
          }
        }
      }
      int g = 0x8b51f9dd;
      BigInteger[] out = new BigInteger[4];
      Arrays.fill(out, BigInteger.ZERO);
      for (int k = 0; k < 8; k++) {
        int v = pool[k % POOL] ^ g;
        g *= 0x58f38ded;
        v *= g;
        v ^= v >>> 16;
        BigInteger word = BigInteger.valueOf(Integer.toUnsignedLong(v));
        out[k / 2] = out[k / 2].or(word.shiftLeft(32 * (k % 2)));
      }
      increment = out[2].shiftLeft(64).or(out[3]).shiftLeft(1).or(BigInteger.ONE).mod(STATE);
      state = BigInteger.ZERO;
      step();
      state = state.add(out[0].shiftLeft(64).or(out[1])).mod(STATE);
      step();
    }

    private int hashMix(int value) {
      int v = value ^ hash;
      hash *= 0x931e8875;
      v *= hash;
      return v ^ v >>> 16;
    }

    private void step() {
      state = state.multiply(STEP).add(increment).mod(STATE);
    }

    private BigInteger next() {
      step();
      long x = state.shiftRight(64).longValue() ^ state.longValue();
      long rotated = Long.rotateRight(x, state.shiftRight(122).intValue());
      return new BigInteger(Long.toUnsignedString(rotated));
    }

    long below(long bound) {
      BigInteger b = BigInteger.valueOf(bound);
      BigInteger least = WORD.subtract(b).mod(b);
      while (true) {
        BigInteger product = next().multiply(b);
        if (product.mod(WORD).compareTo(least) >= 0) {
          return product.shiftRight(64).longValue();
        }
      }
    }
  }
}
