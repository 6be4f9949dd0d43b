package io.hadal.engine.memory;

/** The end of a text, as the names of the contexts that it stands in. */
final class RecentTokens {
  /** Context lengths in tokens. */
  static final int[] ORDERS = {1, 2, 3, 4, 6, 8, 12, 20};

  private static final int LONGEST = ORDERS[ORDERS.length - 1];

  private final int[] ring = new int[LONGEST];
  private final long[] keys = new long[ORDERS.length];
  private int length;
  private int orders;

  /** Takes the next token in. */
  void append(int id) {
    ring[length % LONGEST] = id;
    length++;
    long hash = 0x9E3779B97F4A7C15L;
    int longest = Math.min(length, LONGEST);
    orders = 0;
    for (int i = 1; i <= longest; i++) {
      hash = mix(hash ^ (ring[(length - i) % LONGEST] + 1L) * 0xD1B54A32D192ED03L);
      if (i == ORDERS[orders]) {
        // 0 marks a free place in tables.
        keys[orders++] = hash == 0 ? 1 : hash;
      }
    }
  }

  /** Number of orders that the text is long enough for. */
  int orders() {
    return orders;
  }

  /** The context of an order, below {@link #orders()}; never 0. */
  long key(int order) {
    return keys[order];
  }

  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
