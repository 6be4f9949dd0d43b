package io.hadal.server.http;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** Reads bodies of requests. */
final class BodyReader {
  private static final int FIRST = 8 << 10;

  private BodyReader() {}

  /**
   * Reads to the end.
   *
   * <p>Memory is taken as bytes arrive, at most twice of what has: a length that was only announced
   * takes nothing from others.
   *
   * @param said length in the header, which a packed body outgrows; negative without one
   * @param grows told how long the body may be, each time before memory is taken for that
   * @return null when it is longer than the limit
   */
  static byte @Nullable [] read(InputStream in, long said, long limit, LongConsumer grows)
      throws IOException {
    byte[] bytes = new byte[0];
    int size = 0;
    long next = said > 0 ? Math.min(said, FIRST) : FIRST;
    while (true) {
      if (size == bytes.length) {
        // A byte more than it should have, to see its end.
        int capacity = (int) Math.min(limit, next) + 1;
        if (capacity <= bytes.length) {
          return null;
        }
        grows.accept(capacity - 1L);
        bytes = Arrays.copyOf(bytes, capacity);
        // Not far beyond what there should be in all, as long as that is still to come.
        next = capacity <= said ? Math.min(said, 2L * capacity) : 2L * capacity;
      }
      int n = in.read(bytes, size, bytes.length - size);
      if (n < 0) {
        return size == bytes.length ? bytes : Arrays.copyOf(bytes, size);
      }
      size += n;
    }
  }
}
