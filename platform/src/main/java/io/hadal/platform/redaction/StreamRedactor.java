package io.hadal.platform.redaction;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Counts or masks what is found in a text that comes in pieces. The newest characters are held
 * back, because what they belong to is not known yet; so is the beginning of a place that may go
 * on. For one thread.
 */
public final class StreamRedactor {
  /** Characters held back: longer than all that is found at its end only. */
  private static final int HELD = 512;

  /** Characters that went out and are kept, for words before a value. */
  private static final int CONTEXT = 256;

  /** New characters between two looks. */
  private static final int STEP = 256;

  /** A place that is longer than this goes out in parts. */
  private static final int MOST = 32 << 10;

  private final Redactor redactor;
  private final RedactionMode mode;
  private final Map<String, Integer> counts = new TreeMap<>();
  private final StringBuilder text = new StringBuilder();
  private int done;

  StreamRedactor(Redactor redactor, RedactionMode mode) {
    this.redactor = redactor;
    this.mode = mode;
  }

  /** Takes a piece; returns what is known behind it, which may be nothing. */
  public String feed(String piece) {
    text.append(piece);
    return text.length() - done < HELD + STEP ? "" : release(text.length() - HELD);
  }

  /** The end of the text; returns what was held back. */
  public String end() {
    String rest = release(text.length());
    text.setLength(0);
    done = 0;
    return rest;
  }

  /** How often each kind was found. */
  public Map<String, Integer> counts() {
    return new TreeMap<>(counts);
  }

  private String release(int most) {
    String all = text.toString();
    List<Finding> findings = redactor.find(all);
    int until = most;
    for (Finding finding : findings) {
      boolean open = finding.end() >= until && until < all.length();
      if (open && finding.start() < until && all.length() - finding.start() < MOST) {
        until = Math.max(done, finding.start());
      }
    }
    if (until > done && until < all.length() && Character.isHighSurrogate(all.charAt(until - 1))) {
      until--;
    }
    StringBuilder out = new StringBuilder();
    int at = done;
    for (Finding finding : findings) {
      if (finding.end() <= done || finding.start() >= until) {
        continue;
      }
      counts.merge(finding.kind(), 1, Integer::sum);
      if (mode != RedactionMode.DETECT) {
        out.append(all, at, Math.max(at, finding.start())).append(finding.mask());
        at = Math.min(until, finding.end());
      }
    }
    out.append(all, at, Math.max(at, until));
    done = Math.max(done, until);
    if (done > CONTEXT) {
      text.delete(0, done - CONTEXT);
      done = CONTEXT;
    }
    return out.toString();
  }
}
