package io.hadal.platform.redaction;

import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeSet;

/**
 * Puts values back for their placeholders in a text that comes in pieces. What may be the beginning
 * of a placeholder is held back until it is known. In JSON the values are escaped for a string, and
 * placeholders whose brackets are written as escapes are known, too.
 */
public final class StreamRestorer {
  private final Map<String, String> values;
  private final boolean json;
  private final NavigableSet<String> placeholders;

  /** What is held back, as it came. */
  private final StringBuilder raw = new StringBuilder();

  /** The same with plain brackets: the beginning of a placeholder. */
  private final StringBuilder plain = new StringBuilder();

  /** A backslash came before: what comes next begins no escape. */
  private boolean escaped;

  StreamRestorer(Map<String, String> values, boolean json) {
    this.values = Map.copyOf(values);
    this.json = json;
    this.placeholders = new TreeSet<>(this.values.keySet());
  }

  /** Takes a piece; returns what is known behind it, which may be nothing. */
  public String feed(String piece) {
    if (placeholders.isEmpty()) {
      return piece;
    }
    StringBuilder out = new StringBuilder(piece.length());
    for (int i = 0; i < piece.length(); i++) {
      take(piece.charAt(i), out);
    }
    return out.toString();
  }

  /** The end of the text; returns what was held back. */
  public String end() {
    String rest = raw.toString();
    clear();
    return rest;
  }

  private void clear() {
    raw.setLength(0);
    plain.setLength(0);
  }

  private void take(char c, StringBuilder out) {
    raw.append(c);
    if (raw.length() == 1) {
      if (escaped) {
        escaped = false;
      } else if (c == '<' || (json && c == '\\')) {
        if (c == '<') {
          plain.append(c);
        }
        return;
      }
      out.append(c);
      raw.setLength(0);
      return;
    }
    if (goesOn(c)) {
      String value = values.get(plain.toString());
      if (value != null) {
        out.append(json ? jsonEscaped(value) : value);
        clear();
      }
      return;
    }
    giveUp(out);
  }

  /** Whether what is held back can still become a placeholder. */
  private boolean goesOn(char c) {
    int escape = json ? openEscape() : -1;
    if (escape < 0) {
      if (json && c == '\\') {
        // Only a closing bracket can be escaped here.
        return begins(plain + ">");
      }
      plain.append(c);
      return begins(plain.toString());
    }
    String code = raw.substring(escape);
    boolean open = plain.isEmpty();
    String bracket = open ? "\\u003c" : "\\u003e";
    if (!bracket.regionMatches(true, 0, code, 0, code.length())
        || (code.length() > 1 && code.charAt(1) != 'u')) {
      return false;
    }
    if (code.length() == bracket.length()) {
      plain.append(open ? '<' : '>');
      return begins(plain.toString());
    }
    return true;
  }

  /** Where an escape that is not complete begins in what is held back; -1 for nowhere. */
  private int openEscape() {
    int at = raw.lastIndexOf("\\");
    // A complete one has six chars; the last of raw has just been added.
    return at >= 0 && raw.length() - at <= 6 && at < raw.length() - 1 ? at : -1;
  }

  private boolean begins(String text) {
    String next = placeholders.ceiling(text);
    return next != null && next.startsWith(text);
  }

  /** No placeholder: the first char goes out, the others are taken anew. */
  private void giveUp(StringBuilder out) {
    String held = raw.toString();
    clear();
    char first = held.charAt(0);
    out.append(first);
    escaped = json && first == '\\';
    for (int i = 1; i < held.length(); i++) {
      take(held.charAt(i), out);
    }
  }

  private static String jsonEscaped(String value) {
    StringBuilder out = new StringBuilder(value.length() + 8);
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        default -> {
          if (c < 0x20 || c == '\u2028' || c == '\u2029') {
            out.append("\\u").append(Integer.toHexString(0x10000 | c), 1, 5);
          } else {
            out.append(c);
          }
        }
      }
    }
    return out.toString();
  }
}
