package io.hadal.server.routing.config;

import org.jspecify.annotations.Nullable;

/** Names with one * for anything. */
final class NamePattern {
  private NamePattern() {}

  static boolean isPattern(String name) {
    return name.indexOf('*') >= 0;
  }

  /** What stands for the *; null when the name does not match. */
  static @Nullable String match(String pattern, String name) {
    int star = pattern.indexOf('*');
    if (star < 0) {
      return pattern.equals(name) ? "" : null;
    }
    String before = pattern.substring(0, star);
    String behind = pattern.substring(star + 1);
    boolean matches =
        name.length() > before.length() + behind.length()
            && name.startsWith(before)
            && name.endsWith(behind);
    return matches ? name.substring(before.length(), name.length() - behind.length()) : null;
  }
}
