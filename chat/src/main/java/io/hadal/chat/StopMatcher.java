package io.hadal.chat;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Looks for stop strings in text that comes in pieces. Text that may be the beginning of one is
 * held back; nothing behind a match is let through.
 */
final class StopMatcher {
  private final List<String> stops;
  private final StringBuilder held = new StringBuilder();
  private @Nullable String found;

  StopMatcher(List<String> stops) {
    this.stops = stops;
  }

  /** Takes text in and returns what can be passed on. */
  String feed(String text) {
    if (found != null) {
      return "";
    }
    if (stops.isEmpty()) {
      return text;
    }
    held.append(text);
    int end = -1;
    int last = Integer.MAX_VALUE;
    for (String stop : stops) {
      int at = held.indexOf(stop);
      int behind = at + stop.length();
      // The string that is complete first counts, so that pieces of any size give the same.
      if (at >= 0 && (behind < last || (behind == last && at < end))) {
        end = at;
        last = behind;
        found = stop;
      }
    }
    if (found == null) {
      end = held.length() - longestBeginning();
    }
    String out = held.substring(0, end);
    held.delete(0, end);
    return out;
  }

  /** The text held back, when nothing follows any more. */
  String finish() {
    String out = found == null ? held.toString() : "";
    held.setLength(0);
    return out;
  }

  /** The stop string that was found first; null while there is none. */
  @Nullable String found() {
    return found;
  }

  private int longestBeginning() {
    int longest = 0;
    for (String stop : stops) {
      for (int n = Math.min(stop.length() - 1, held.length()); n > longest; n--) {
        if (stop.startsWith(held.substring(held.length() - n))) {
          longest = n;
          break;
        }
      }
    }
    return longest;
  }
}
