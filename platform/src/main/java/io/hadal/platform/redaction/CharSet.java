package io.hadal.platform.redaction;

import java.util.BitSet;

/** A set of chars. */
final class CharSet {
  static final CharSet NONE = new CharSet(new BitSet(), false);
  static final CharSet DIGITS = of("09");
  static final CharSet WORD = of("09AZaz__");
  static final CharSet SPACE = of("\t\r  \u00A0\u00A0\u2028\u2029\u3000\u3000");
  static final CharSet ANY = of("\n\n").not();

  private final BitSet chars;
  private final boolean inverse;

  private CharSet(BitSet chars, boolean inverse) {
    this.chars = chars;
    this.inverse = inverse;
  }

  /** Ranges, each by its first and last char. */
  private static CharSet of(String ranges) {
    BitSet chars = new BitSet();
    for (int i = 0; i < ranges.length(); i += 2) {
      chars.set(ranges.charAt(i), ranges.charAt(i + 1) + 1);
    }
    return new CharSet(chars, false);
  }

  static CharSet range(char first, char last) {
    BitSet chars = new BitSet();
    chars.set(first, last + 1);
    return new CharSet(chars, false);
  }

  CharSet not() {
    return new CharSet(chars, !inverse);
  }

  CharSet or(CharSet other) {
    BitSet both = all();
    both.or(other.all());
    return new CharSet(both, false);
  }

  /** With the capital and small forms of its letters. */
  CharSet anyCase() {
    BitSet both = (BitSet) chars.clone();
    for (int c = chars.nextSetBit(0); c >= 0; c = chars.nextSetBit(c + 1)) {
      both.set(Character.toLowerCase((char) c));
      both.set(Character.toUpperCase((char) c));
    }
    return new CharSet(both, inverse);
  }

  private BitSet all() {
    BitSet all = (BitSet) chars.clone();
    if (inverse) {
      all.flip(0, Character.MAX_VALUE + 1);
    }
    return all;
  }

  boolean contains(char c) {
    return chars.get(c) != inverse;
  }
}
