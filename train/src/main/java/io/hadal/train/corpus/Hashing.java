package io.hadal.train.corpus;

/** 64-bit hashes that are the same on every machine and in every version. */
final class Hashing {
  private Hashing() {}

  /** Spreads every bit over the whole word (the finaliser of SplitMix64). */
  static long mix(long x) {
    long z = x + 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  static long of(CharSequence text) {
    return of(text, 0, text.length());
  }

  static long of(CharSequence text, int from, int to) {
    long h = to - from;
    for (int i = from; i < to; i++) {
      h = (h ^ text.charAt(i)) * 0x100000001B3L;
    }
    return mix(h);
  }
}
