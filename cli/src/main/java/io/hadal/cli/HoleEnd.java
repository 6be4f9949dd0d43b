package io.hadal.cli;

/**
 * Where a completion has reached the text behind the hole. Small models often write on and repeat
 * that text instead of ending.
 */
final class HoleEnd {
  private HoleEnd() {}

  /**
   * The completion up to the text behind the hole.
   *
   * @param text what the model wrote
   * @param suffix what stands behind the hole
   */
  static String cut(String text, String suffix) {
    int lineEnd = suffix.indexOf('\n');
    String rest = (lineEnd < 0 ? suffix : suffix.substring(0, lineEnd)).strip();
    if (rest.isEmpty()) {
      return cutAtLine(text, suffix);
    }
    int end = find(text, rest);
    if (end >= 0) {
      return text.substring(0, end);
    }
    // The hole lies inside a line, unless the completion begins a new one.
    int feed = text.indexOf('\n');
    return feed > 0 && !text.isBlank() ? text.substring(0, feed) : text;
  }

  /** Up to a line that equals the first one behind the hole, indentation and all. */
  private static String cutAtLine(String text, String suffix) {
    String line = suffix.lines().filter(l -> !l.isBlank()).findFirst().orElse("");
    if (line.isEmpty()) {
      return text;
    }
    int feed = text.indexOf('\n');
    while (feed >= 0) {
      int next = text.indexOf('\n', feed + 1);
      if (text.substring(feed + 1, next < 0 ? text.length() : next).stripTrailing().equals(line)) {
        return text.substring(0, feed);
      }
      feed = next;
    }
    return text;
  }

  /**
   * First place of {@code rest} with all brackets before it closed, or of the brace that it begins
   * with when the text before opens none; -1 for none.
   */
  private static int find(String text, String rest) {
    int depth = 0;
    int braces = 0;
    char quote = 0;
    for (int i = 0; i < text.length(); i++) {
      if (depth == 0 && quote == 0 && text.startsWith(rest, i)) {
        return i;
      }
      char c = text.charAt(i);
      if (quote != 0) {
        if (c == '\\') {
          i++;
        } else if (c == quote || c == '\n') {
          quote = 0;
        }
      } else if (c == '"' || c == '\'') {
        quote = c;
      } else if ("([{".indexOf(c) >= 0) {
        depth++;
        braces += c == '{' ? 1 : 0;
      } else if (")]}".indexOf(c) >= 0) {
        depth--;
        if (c == '}' && --braces < 0 && rest.charAt(0) == '}') {
          return i;
        }
      }
    }
    return -1;
  }
}
