package io.hadal.engine.constraint;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A set of Unicode scalar values; surrogates are never in it. Immutable. */
public final class CharacterSet {
  static final int LAST = 0x10FFFF;
  private static final int SURROGATES = 0xD800;
  private static final int BEHIND_SURROGATES = 0xE000;

  /** Every character. */
  public static final CharacterSet ALL = range(0, LAST);

  static final CharacterSet NONE = new CharacterSet(new int[0]);

  /** First and last value of each range, rising, with gaps or the surrogates between ranges. */
  private final int[] bounds;

  private CharacterSet(int[] bounds) {
    this.bounds = bounds;
  }

  /** All values from the first to the last, both included. */
  public static CharacterSet range(int first, int last) {
    return ofRanges(List.of(new int[] {first, last}));
  }

  /** The characters of a text. */
  public static CharacterSet of(String characters) {
    List<int[]> ranges = new ArrayList<>();
    characters.codePoints().forEach(c -> ranges.add(new int[] {c, c}));
    return ofRanges(ranges);
  }

  /** The union of ranges in any order. */
  static CharacterSet ofRanges(List<int[]> given) {
    List<int[]> ranges = new ArrayList<>();
    for (int[] r : given) {
      add(ranges, r[0], Math.min(r[1], SURROGATES - 1));
      add(ranges, Math.max(r[0], BEHIND_SURROGATES), Math.min(r[1], LAST));
    }
    ranges.sort((a, b) -> Integer.compare(a[0], b[0]));
    int[] out = new int[2 * ranges.size()];
    int n = 0;
    for (int[] r : ranges) {
      // Ranges on both sides of the surrogates stay two.
      if (n > 0 && out[n - 1] + 1 >= r[0]) {
        out[n - 1] = Math.max(out[n - 1], r[1]);
      } else {
        out[n++] = r[0];
        out[n++] = r[1];
      }
    }
    return new CharacterSet(Arrays.copyOf(out, n));
  }

  private static void add(List<int[]> ranges, int first, int last) {
    if (first <= last) {
      ranges.add(new int[] {first, last});
    }
  }

  /** The value behind another, past the surrogates. */
  private static int next(int value) {
    return value + 1 == SURROGATES ? BEHIND_SURROGATES : value + 1;
  }

  private static int previous(int value) {
    return value == BEHIND_SURROGATES ? SURROGATES - 1 : value - 1;
  }

  int ranges() {
    return bounds.length / 2;
  }

  int first(int range) {
    return bounds[2 * range];
  }

  int last(int range) {
    return bounds[2 * range + 1];
  }

  public boolean isEmpty() {
    return bounds.length == 0;
  }

  boolean contains(int value) {
    int at = Arrays.binarySearch(bounds, value);
    return at >= 0 || (-at - 1) % 2 == 1;
  }

  CharacterSet or(CharacterSet other) {
    List<int[]> ranges = new ArrayList<>();
    for (CharacterSet set : List.of(this, other)) {
      for (int i = 0; i < set.ranges(); i++) {
        ranges.add(new int[] {set.first(i), set.last(i)});
      }
    }
    return ofRanges(ranges);
  }

  CharacterSet complement() {
    List<int[]> ranges = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < ranges(); i++) {
      if (first(i) > from) {
        ranges.add(new int[] {from, previous(first(i))});
      }
      from = next(last(i));
    }
    if (from <= LAST) {
      ranges.add(new int[] {from, LAST});
    }
    return ofRanges(ranges);
  }

  CharacterSet and(CharacterSet other) {
    return complement().or(other.complement()).complement();
  }

  CharacterSet minus(CharacterSet other) {
    return and(other.complement());
  }
}
