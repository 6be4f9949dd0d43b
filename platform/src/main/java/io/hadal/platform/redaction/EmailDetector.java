package io.hadal.platform.redaction;

import java.util.function.Consumer;

/** E-mail addresses, also with letters of other scripts. */
public final class EmailDetector implements Detector {
  private static final int MAX_LOCAL = 64;
  private static final int MAX_DOMAIN = 253;

  @Override
  public String kind() {
    return "EMAIL";
  }

  @Override
  public void find(String text, Consumer<Finding> found) {
    int last = 0;
    for (int at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
      int start = local(text, at, last);
      int end = start < 0 ? -1 : domain(text, at);
      if (end > 0) {
        found.accept(new Finding(kind(), start, end));
        last = end;
      }
    }
  }

  /** Where the local part begins; -1 when there is none. */
  private static int local(String text, int at, int least) {
    int start = at;
    boolean ideographs = at > 0 && Character.isIdeographic(text.charAt(at - 1));
    while (start > least
        && at - start < MAX_LOCAL
        && isLocal(text.charAt(start - 1))
        && (ideographs || !Character.isIdeographic(text.charAt(start - 1)))) {
      start--;
    }
    while (start < at && (text.charAt(start) == '.' || text.charAt(start) == '\'')) {
      start++;
    }
    return start == at || text.charAt(at - 1) == '.' ? -1 : start;
  }

  private static boolean isLocal(char c) {
    return Character.isLetterOrDigit(c) || "._%+-'".indexOf(c) >= 0;
  }

  /** Where the domain ends; -1 when there is none. */
  private static int domain(String text, int at) {
    int label = at + 1;
    int dots = 0;
    int end = -1;
    int i = label;
    int limit = Math.min(text.length(), label + MAX_DOMAIN);
    while (true) {
      // A sentence may go on without a space, but no label mixes scripts so.
      boolean ideographs = i < limit && Character.isIdeographic(text.charAt(i));
      while (i < limit
          && (Character.isLetterOrDigit(text.charAt(i)) || text.charAt(i) == '-')
          && ideographs == Character.isIdeographic(text.charAt(i))) {
        i++;
      }
      int stop = i;
      while (stop > label && text.charAt(stop - 1) == '-') {
        stop--;
      }
      if (stop == label || text.charAt(label) == '-') {
        break;
      }
      if (dots > 0 && isTop(text, label, stop)) {
        end = stop;
      }
      if (stop < i || i >= limit || text.charAt(i) != '.') {
        break;
      }
      dots++;
      i++;
      label = i;
    }
    return end;
  }

  private static boolean isTop(String text, int start, int end) {
    if (end - start < 2) {
      return false;
    }
    if (text.startsWith("xn--", start)) {
      return true;
    }
    for (int i = start; i < end; i++) {
      if (!Character.isLetter(text.charAt(i))) {
        return false;
      }
    }
    return true;
  }
}
