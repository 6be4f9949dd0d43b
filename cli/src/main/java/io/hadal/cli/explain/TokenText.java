package io.hadal.cli.explain;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Set;

/**
 * What a token stands for. Its bytes may be part of a character, and its text may try to pass for
 * markup or to move the cursor: every form of output here is safe to print where it belongs.
 */
public final class TokenText {
  /** Change the direction of text around them. */
  private static final Set<Integer> DIRECTIONS =
      Set.of(
          0x061c, 0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068,
          0x2069);

  private final byte[] bytes;

  public TokenText(byte[] bytes) {
    this.bytes = bytes.clone();
  }

  /** Takes the parts of a text apart. */
  private interface Parts {
    void character(int codePoint);

    /** A byte that belongs to no whole character. */
    void loose(int value);
  }

  /** The text; U+FFFD where it is part of a character. */
  public String text() {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** True when the bytes are whole characters. */
  public boolean whole() {
    return java.util.Arrays.equals(text().getBytes(StandardCharsets.UTF_8), bytes);
  }

  /** The bytes in hexadecimal. */
  public String hex() {
    return HexFormat.of().formatHex(bytes);
  }

  /** On one line, with escapes as in Java and {@code \xE4} for loose bytes. */
  public String line() {
    StringBuilder out = new StringBuilder();
    split(
        new Parts() {
          @Override
          public void character(int c) {
            switch (c) {
              case '\n' -> out.append("\\n");
              case '\r' -> out.append("\\r");
              case '\t' -> out.append("\\t");
              case '\\', '"' -> out.append('\\').append((char) c);
              default -> {
                if (hidden(c)) {
                  out.append(unicode(c));
                } else {
                  out.appendCodePoint(c);
                }
              }
            }
          }

          @Override
          public void loose(int value) {
            out.append(hexByte(value));
          }
        });
    return out.toString();
  }

  /** As HTML that keeps line breaks; what cannot be seen stands in {@code <i>}. */
  public String html() {
    StringBuilder out = new StringBuilder();
    split(
        new Parts() {
          @Override
          public void character(int c) {
            if (c == '\n') {
              out.append("<i>\u21b5</i>\n");
            } else if (c == '\t' || !hidden(c)) {
              appendHtml(out, c);
            } else {
              out.append("<i>").append(c == '\r' ? "\\r" : unicode(c)).append("</i>");
            }
          }

          @Override
          public void loose(int value) {
            out.append("<i>").append(hexByte(value)).append("</i>");
          }
        });
    return out.toString();
  }

  /** Any text as HTML, for elements and quoted attributes. */
  static String html(String text) {
    StringBuilder out = new StringBuilder();
    text.codePoints().forEach(c -> appendHtml(out, hidden(c) ? '\ufffd' : c));
    return out.toString();
  }

  private static void appendHtml(StringBuilder out, int c) {
    switch (c) {
      case '&' -> out.append("&amp;");
      case '<' -> out.append("&lt;");
      case '>' -> out.append("&gt;");
      case '"' -> out.append("&quot;");
      case '\'' -> out.append("&#39;");
      default -> out.appendCodePoint(c);
    }
  }

  private static boolean hidden(int c) {
    return DIRECTIONS.contains(c)
        || switch (Character.getType(c)) {
          case Character.CONTROL,
              Character.SURROGATE,
              Character.UNASSIGNED,
              Character.PRIVATE_USE,
              Character.LINE_SEPARATOR,
              Character.PARAGRAPH_SEPARATOR ->
              true;
          default -> false;
        };
  }

  private static String unicode(int c) {
    return String.format(Locale.ROOT, c > 0xffff ? "\\u{%x}" : "\\u%04x", c);
  }

  private static String hexByte(int value) {
    return String.format(Locale.ROOT, "\\x%02X", value);
  }

  private void split(Parts parts) {
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(bytes.length);
    while (in.hasRemaining()) {
      CoderResult result = decoder.decode(in, out, true);
      out.flip().codePoints().forEach(parts::character);
      out.clear();
      for (int i = 0; result.isError() && i < result.length(); i++) {
        parts.loose(in.get() & 0xff);
      }
    }
  }
}
