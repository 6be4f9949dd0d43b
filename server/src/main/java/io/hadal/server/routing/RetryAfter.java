package io.hadal.server.routing;

import java.util.Map;

/** How long an upstream asks to wait. */
final class RetryAfter {
  private static final long MOST_MILLIS = 86_400_000;

  private RetryAfter() {}

  /** Milliseconds; 0 when it does not say, or says it as a date. */
  static long millis(Map<String, String> headers) {
    String millis = headers.get("retry-after-ms");
    if (millis != null && millis.matches("[0-9]{1,9}([.][0-9]+)?")) {
      return Math.min(MOST_MILLIS, Long.parseLong(millis.replaceFirst("[.].*", "")));
    }
    String seconds = headers.get("retry-after");
    return seconds != null && seconds.matches("[0-9]{1,6}")
        ? Math.min(MOST_MILLIS, 1000 * Long.parseLong(seconds))
        : 0;
  }
}
