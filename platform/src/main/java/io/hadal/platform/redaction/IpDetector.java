package io.hadal.platform.redaction;

import java.util.List;
import java.util.function.Consumer;

/** Addresses of IP versions 4 and 6. Version numbers with four parts are left alone. */
public final class IpDetector implements Detector {
  private static final List<String> VERSIONS =
      List.of("version", "versions", "release", "build", "v", "section", "chapter", "clause");

  /** Longest text of an address of version 6 with one of version 4 in it. */
  private static final int MAX_LENGTH = 45;

  @Override
  public String kind() {
    return "IP";
  }

  @Override
  public void find(String text, Consumer<Finding> found) {
    int at = 0;
    while (at < text.length()) {
      if (!part(text.charAt(at))) {
        at++;
        continue;
      }
      int end = at;
      int colons = 0;
      int dots = 0;
      while (end < text.length() && part(text.charAt(end))) {
        colons += text.charAt(end) == ':' ? 1 : 0;
        dots += text.charAt(end) == '.' ? 1 : 0;
        end++;
      }
      boolean apart =
          !Around.isWord(text, at - 1) && (end == text.length() || !Around.isWord(text, end));
      if (apart && (colons >= 2 || dots >= 3)) {
        token(text, at, end, found);
      }
      at = end;
    }
  }

  private static boolean part(char c) {
    return c == ':' || c == '.' || (c < 128 && Character.digit(c, 16) >= 0);
  }

  /** A stretch of hexadecimal digits, points and colons; a sentence may end behind it. */
  private void token(String text, int from, int to, Consumer<Finding> found) {
    int end = to;
    while (end > from && text.charAt(end - 1) == '.') {
      end--;
    }
    if (end > from && text.charAt(end - 1) == ':' && !text.startsWith("::", end - 2)) {
      end--;
    }
    if (end - from < 3 || end - from > MAX_LENGTH + 6) {
      return;
    }
    String token = text.substring(from, end);
    int v4 = v4End(token);
    if (v4 > 0) {
      // A port may stand behind it.
      boolean alone = v4 == token.length() || token.charAt(v4) == ':';
      if (alone && !Around.has(text, from - 10, from, VERSIONS)) {
        found.accept(new Finding(kind(), from, from + v4));
      }
    } else if (isV6(token)) {
      found.accept(new Finding(kind(), from, end));
    }
  }

  /** Where four numbers up to 255 with points between them end; -1 for none. */
  private static int v4End(String token) {
    int at = 0;
    for (int octet = 0; octet < 4; octet++) {
      if (octet > 0) {
        if (at >= token.length() || token.charAt(at) != '.') {
          return -1;
        }
        at++;
      }
      int start = at;
      int value = 0;
      while (at < token.length() && Around.digit(token.charAt(at)) && at - start < 3) {
        value = 10 * value + token.charAt(at) - '0';
        at++;
      }
      boolean zeros = at - start > 1 && token.charAt(start) == '0';
      if (at == start || value > 255 || zeros) {
        return -1;
      }
    }
    return at < token.length() && token.charAt(at) != ':' ? -1 : at;
  }

  private static boolean isV6(String token) {
    int gap = token.indexOf("::");
    if (gap >= 0 && token.indexOf("::", gap + 1) >= 0) {
      return false;
    }
    int groups;
    if (gap < 0) {
      groups = groups(token);
      return groups == 8;
    }
    int before = gap == 0 ? 0 : groups(token.substring(0, gap));
    int behind = gap + 2 == token.length() ? 0 : groups(token.substring(gap + 2));
    groups = before + behind;
    // Names in programs, such as a::b, have no digits.
    return before >= 0
        && behind >= 0
        && groups <= 7
        && groups > 0
        && token.chars().anyMatch(c -> Around.digit((char) c));
  }

  /** How many groups of 16 bits there are; far below 0 when something is none. */
  private static int groups(String part) {
    int count = 0;
    String[] groups = part.split(":", -1);
    for (int i = 0; i < groups.length; i++) {
      String group = groups[i];
      if (i == groups.length - 1 && v4End(group) == group.length() && !group.isEmpty()) {
        count += 2;
      } else if (group.isEmpty() || group.length() > 4 || group.indexOf('.') >= 0) {
        return -100;
      } else {
        count++;
      }
    }
    return count;
  }
}
