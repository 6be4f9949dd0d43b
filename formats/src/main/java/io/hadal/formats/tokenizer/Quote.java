package io.hadal.formats.tokenizer;

/** Untrusted text for error messages: quoted, shortened, control characters escaped. */
final class Quote {
  private static final int LIMIT = 80;

  private Quote() {}

  static String of(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (int i = 0; i < Math.min(text.length(), LIMIT); i++) {
      char c = text.charAt(i);
      if (Character.isISOControl(c) || Character.isSurrogate(c)) {
        quoted.append(String.format("\\u%04x", (int) c));
      } else {
        quoted.append(c);
      }
    }
    return quoted.append(text.length() > LIMIT ? "…\"" : "\"").toString();
  }
}
