package io.hadal.formats.weights;

import java.nio.charset.StandardCharsets;
import java.util.AbstractList;
import java.util.Objects;
import java.util.RandomAccess;

/**
 * A string array in one block of UTF-8; elements are decoded when asked for, so a vocabulary costs
 * about its file size. Bytes that are no UTF-8 decode to U+FFFD.
 */
final class GgufStrings extends AbstractList<String> implements RandomAccess {
  private final byte[] utf8;
  private final int[] ends;

  /**
   * Wraps without copying.
   *
   * @param ends end of element i in {@code utf8}; it starts where its predecessor ends
   */
  GgufStrings(byte[] utf8, int[] ends) {
    this.utf8 = utf8;
    this.ends = ends;
  }

  @Override
  public String get(int index) {
    Objects.checkIndex(index, ends.length);
    int start = index == 0 ? 0 : ends[index - 1];
    return new String(utf8, start, ends[index] - start, StandardCharsets.UTF_8);
  }

  @Override
  public int size() {
    return ends.length;
  }
}
