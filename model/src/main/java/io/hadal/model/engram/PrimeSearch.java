package io.hadal.model.engram;

import io.hadal.formats.FormatException;
import java.util.HashSet;
import java.util.Set;

/** Table sizes: ascending primes, none of them used twice in a model (engram spec 2.3). */
final class PrimeSearch {
  private final Set<Integer> used = new HashSet<>();
  private final String source;

  PrimeSearch(String source) {
    this.source = source;
  }

  /** The next {@code count} unused primes from {@code atLeast} on. */
  void next(int atLeast, int count, int[] out, int outOffset) {
    int previous = atLeast - 1;
    for (int i = 0; i < count; i++) {
      previous = nextUnused(previous);
      out[outOffset + i] = previous;
    }
  }

  private int nextUnused(int above) {
    for (int p = above + 1; p > 0; p++) {
      if (isPrime(p) && used.add(p)) {
        return p;
      }
    }
    throw new FormatException(
        source, "no prime is left above the Engram bucket size; make the tables smaller");
  }

  private static boolean isPrime(int n) {
    if (n < 4) {
      return n > 1;
    }
    if (n % 2 == 0) {
      return false;
    }
    for (int d = 3; (long) d * d <= n; d += 2) {
      if (n % d == 0) {
        return false;
      }
    }
    return true;
  }
}
