package io.hadal.formats.weights;

/** Names from untrusted files, made fit for a message: bounded and without control characters. */
final class Quoted {
  private static final int MAX_CHARS = 160;

  private Quoted() {}

  static String of(String text) {
    StringBuilder out = new StringBuilder(Math.min(text.length(), MAX_CHARS) + 2).append('\'');
    for (int i = 0; i < text.length() && i < MAX_CHARS; i++) {
      char c = text.charAt(i);
      if (Character.isISOControl(c) || Character.isSurrogate(c)) {
        out.append(String.format("\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
    if (text.length() > MAX_CHARS) {
      out.append("...");
    }
    return out.append('\'').toString();
  }
}
