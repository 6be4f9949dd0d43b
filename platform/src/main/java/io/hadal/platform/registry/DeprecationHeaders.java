package io.hadal.platform.registry;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Headers that say that a model ends (API specification, 1.4; RFC 9745, RFC 8594, RFC 5829). */
public final class DeprecationHeaders {
  private static final DateTimeFormatter HTTP_DATE =
      DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH)
          .withZone(ZoneOffset.UTC);

  private DeprecationHeaders() {}

  /** Headers for an answer at that moment; empty as long as the version is not deprecated. */
  public static Map<String, String> of(Resolution resolution, Instant now) {
    Map<String, String> headers = new LinkedHashMap<>();
    Instant since = resolution.deprecatedAt();
    if (since == null || now.isBefore(since)) {
      return headers;
    }
    headers.put("deprecation", "@" + since.getEpochSecond());
    if (resolution.retiresAt() != null) {
      headers.put("sunset", HTTP_DATE.format(resolution.retiresAt()));
    }
    if (resolution.successor() != null) {
      headers.put(
          "link",
          "</v1/models/"
              + URLEncoder.encode(resolution.successor(), StandardCharsets.UTF_8)
              + ">; rel=\"successor-version\"");
    }
    return headers;
  }
}
