package io.hadal.server.wire;

import io.hadal.chat.Problem;
import io.hadal.server.http.Exchange;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/** The header {@code x-hadal-tags: k=v,k2=v2}, by which costs are told apart. */
final class CostTags {
  private static final String HEADER = "x-hadal-tags";
  private static final int MOST = 10;
  private static final Pattern KEY = Pattern.compile("[A-Za-z0-9_.-]{1,40}");
  private static final Pattern VALUE = Pattern.compile("[^,\\p{Cntrl}]{1,80}");

  private CostTags() {}

  /**
   * The tags of a request; none without the header.
   *
   * @throws Problem when one is too long or malformed: costs without it would be found by nobody
   */
  static Map<String, String> of(Exchange exchange) {
    String header = exchange.header(HEADER);
    if (header == null || header.isBlank()) {
      return Map.of();
    }
    Map<String, String> tags = new LinkedHashMap<>();
    for (String part : header.split(",", -1)) {
      int equals = part.indexOf('=');
      String key = equals < 0 ? "" : part.substring(0, equals).strip();
      String value = equals < 0 ? "" : part.substring(equals + 1).strip();
      if (!KEY.matcher(key).matches() || !VALUE.matcher(value).matches()) {
        throw Problem.invalid(
            HEADER,
            "must be k=v,k2=v2 with keys of 1 to 40 letters, digits, _ . - and values of 1 to 80"
                + " characters");
      }
      if (tags.put(key, value) != null) {
        throw Problem.invalid(HEADER, "has the key '" + key + "' twice");
      }
      if (tags.size() > MOST) {
        throw Problem.invalid(HEADER, "has more than " + MOST + " tags");
      }
    }
    return Collections.unmodifiableMap(tags);
  }
}
