package io.hadal.platform.tenancy;

import java.util.Set;

/** Names of things and people, which must look like what they are: others decide by them. */
public final class Names {
  /** Take room or none, and show nothing: fillers of Hangul, an empty Braille cell, a joiner. */
  private static final Set<Integer> BLANK =
      Set.of(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0);

  private static final int NON_JOINER = 0x200C;
  private static final int JOINER = 0x200D;

  private Names() {}

  /**
   * Whether a name shows what it is: without control characters, halves of surrogate pairs,
   * characters that turn the direction of what follows, and those that cannot be seen, with which
   * two names look the same.
   */
  public static boolean isPlain(String text) {
    return text.equals(plain(text)) && !text.codePoints().allMatch(Names::isSpace);
  }

  /** A name of somebody else's making, with a space for each character that cannot be seen. */
  public static String plain(String text) {
    StringBuilder plain = new StringBuilder(text.length());
    int before = ' ';
    for (int c : text.codePoints().toArray()) {
      plain.appendCodePoint(shows(c, before) ? c : ' ');
      before = c;
    }
    return plain.toString();
  }

  private static boolean isSpace(int c) {
    return Character.isSpaceChar(c) || Character.isWhitespace(c);
  }

  private static boolean shows(int c, int before) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.SURROGATE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      // Some scripts and emoji need these, Latin letters do not.
      case Character.FORMAT -> (c == NON_JOINER || c == JOINER) && before > 0x24F;
      default -> !BLANK.contains(c);
    };
  }
}
