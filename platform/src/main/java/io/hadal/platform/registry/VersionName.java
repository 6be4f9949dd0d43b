package io.hadal.platform.registry;

import io.hadal.formats.FormatException;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.regex.Pattern;

/** Names of versions, {@code family@2026-11-29}, and of aliases. */
final class VersionName {
  private static final Pattern FAMILY = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._/:-]{0,119}");

  /** A date, and a number for a second version of a day. */
  private static final Pattern LABEL = Pattern.compile("(\\d{4}-\\d{2}-\\d{2})(\\.[1-9]\\d{0,2})?");

  private VersionName() {}

  /** A name without a version. */
  static void checkFamily(String family, String source) {
    if (!FAMILY.matcher(family).matches()) {
      throw new FormatException(
          source,
          "'"
              + family
              + "' is no name of a model: letters, digits and . _ / : -, at most 120 characters");
    }
  }

  /** The id of a version. */
  static String id(String family, String label) {
    String source = family + "@" + label;
    checkFamily(family, source);
    var match = LABEL.matcher(label);
    if (!match.matches()) {
      throw new FormatException(source, "a version is a date like 2026-11-29, or 2026-11-29.2");
    }
    try {
      LocalDate.parse(match.group(1));
    } catch (DateTimeParseException e) {
      throw new FormatException(source, "'" + match.group(1) + "' is no date", e);
    }
    return source;
  }

  /** The label of a moment, in UTC. */
  static String label(long millis) {
    return LocalDate.ofInstant(java.time.Instant.ofEpochMilli(millis), ZoneOffset.UTC).toString();
  }
}
