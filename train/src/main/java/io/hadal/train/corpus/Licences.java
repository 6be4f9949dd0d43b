package io.hadal.train.corpus;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The licences whose text may be trained on, and how poms write them. */
final class Licences {
  private record Known(String spdx, Pattern pattern) {
    Known(String spdx, String regex) {
      this(spdx, Pattern.compile(regex));
    }
  }

  /** Checked first: a permissive word inside such a name counts for nothing. */
  private static final Pattern REFUSED =
      Pattern.compile(
          "gpl|gnu|mozilla|\\bmpl|eclipse|\\bepl|cddl|common development|common public|sspl|"
              + "server side public|elastic|business source|commons clause|cc-by-(nc|nd|sa)|"
              + "commercial|proprietary|\\bjson licen|\\bjson\\.org");

  private static final List<Known> ALLOWED =
      List.of(
          new Known("Apache-2.0", "apache.*2|\\basl\\W*2"),
          new Known("BSD-2-Clause", "bsd[- ]2|2[- ]clause bsd|simplified bsd|freebsd"),
          new Known("BSD-3-Clause", "bsd|\\bedl\\b"),
          new Known("0BSD", "\\b0bsd\\b"),
          new Known("MIT-0", "\\bmit-0\\b"),
          new Known("MIT", "\\bmit\\b|bouncy ?castle"),
          new Known("ISC", "\\bisc\\b"),
          new Known("UPL-1.0", "\\bupl\\b|universal permissive"),
          new Known("PSF-2.0", "\\bpsf|python software foundation"),
          new Known("Zlib", "\\bzlib\\b"),
          new Known("CC0-1.0", "\\bcc0\\b"),
          new Known("Unlicense", "\\bunlicense\\b"),
          new Known("LicenseRef-public-domain", "public domain"));

  private Licences() {}

  /**
   * SPDX identifier of an allowed licence, null for any other.
   *
   * @param name name in the pom, may be empty
   * @param url address in the pom, may be empty
   */
  static @Nullable String allowed(String name, String url) {
    String byName = find(name);
    if (byName != null || REFUSED.matcher(lower(name)).find()) {
      return byName;
    }
    return find(url);
  }

  private static @Nullable String find(String text) {
    String lower = lower(text);
    if (REFUSED.matcher(lower).find()) {
      return null;
    }
    for (Known known : ALLOWED) {
      if (known.pattern.matcher(lower).find()) {
        return known.spdx;
      }
    }
    return null;
  }

  private static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }
}
