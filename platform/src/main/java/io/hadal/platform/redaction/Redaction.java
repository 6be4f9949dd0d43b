package io.hadal.platform.redaction;

import io.hadal.platform.Refusal;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What is taken out of the texts of one request, and put back into its answer. The values are in
 * memory only, as long as this object; its text form says how many there are. For one thread.
 */
public final class Redaction {
  /** Digits, brackets and the underscore of a placeholder. */
  private static final int MOST_DIGITS = 12;

  private final Redactor redactor;
  private final RedactionMode mode;
  private final Map<String, Integer> counts = new TreeMap<>();

  /** Placeholders by kind and value. */
  private final Map<String, String> placeholders = new HashMap<>();

  private final Map<String, String> values = new HashMap<>();
  private final Map<String, Integer> numbers = new HashMap<>();

  /** What looks like placeholders in the texts themselves. */
  private final Set<String> reserved = new HashSet<>();

  Redaction(Redactor redactor, RedactionMode mode) {
    this.redactor = redactor;
    this.mode = mode;
  }

  /** Takes no placeholder that a text has already; before any text is changed. */
  public void reserve(String text) {
    int at = text.indexOf('<');
    while (at >= 0) {
      int end = text.indexOf('>', at);
      if (end > at && end - at <= Kinds.MAX_LENGTH + MOST_DIGITS) {
        reserved.add(text.substring(at, end + 1));
      }
      at = text.indexOf('<', at + 1);
    }
  }

  /**
   * The text as it may go on. The same value has the same placeholder in all texts of the request.
   *
   * @throws Refusal in mode {@code BLOCK} when there is anything; the message names kinds, no
   *     values
   */
  public String apply(String text) {
    if (mode == RedactionMode.OFF) {
      return text;
    }
    List<Finding> findings = redactor.find(text);
    if (findings.isEmpty()) {
      return text;
    }
    for (Finding finding : findings) {
      counts.merge(finding.kind(), 1, Integer::sum);
    }
    return switch (mode) {
      case OFF, DETECT -> text;
      case MASK -> replace(text, findings, false);
      case PSEUDONYMISE -> replace(text, findings, true);
      case BLOCK ->
          throw new Refusal(
              Refusal.Reason.NOT_PERMITTED,
              "The request holds data that this project does not send to models: "
                  + String.join(", ", counts.keySet())
                  + ". Take it out and try again.");
    };
  }

  private String replace(String text, List<Finding> findings, boolean placeholders) {
    StringBuilder out = new StringBuilder(text.length());
    int at = 0;
    for (Finding finding : findings) {
      out.append(text, at, finding.start());
      if (placeholders) {
        out.append(
            placeholder(text, finding.kind(), text.substring(finding.start(), finding.end())));
      } else {
        out.append(finding.mask());
      }
      at = finding.end();
    }
    return out.append(text, at, text.length()).toString();
  }

  private String placeholder(String text, String kind, String value) {
    return placeholders.computeIfAbsent(
        kind + ' ' + value,
        _ -> {
          String placeholder;
          do {
            // One that the text has already is nobody's.
            placeholder = "<" + kind + "_" + numbers.merge(kind, 1, Integer::sum) + ">";
          } while (reserved.contains(placeholder) || text.contains(placeholder));
          values.put(placeholder, value);
          return placeholder;
        });
  }

  /** How often each kind was found. */
  public Map<String, Integer> counts() {
    return new TreeMap<>(counts);
  }

  /** Whether anything was replaced that can be put back. */
  public boolean restores() {
    return !values.isEmpty();
  }

  /** Puts values back into a whole text. */
  public String restore(String text) {
    return text.indexOf('<') < 0 ? text : whole(restorer(), text);
  }

  /** Puts values back into a whole text that is JSON. */
  public String restoreJson(String text) {
    return text.indexOf('<') < 0 && text.indexOf('\\') < 0 ? text : whole(jsonRestorer(), text);
  }

  private static String whole(StreamRestorer restorer, String text) {
    String most = restorer.feed(text);
    return most + restorer.end();
  }

  /** Puts values back into a stream of plain text. */
  public StreamRestorer restorer() {
    return new StreamRestorer(values, false);
  }

  /** Puts values back into a stream of JSON, such as arguments of a tool. */
  public StreamRestorer jsonRestorer() {
    return new StreamRestorer(values, true);
  }

  @Override
  public String toString() {
    return "Redaction[" + values.size() + " values]";
  }
}
