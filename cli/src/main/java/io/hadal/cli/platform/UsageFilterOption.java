package io.hadal.cli.platform;

import io.hadal.formats.FormatException;
import io.hadal.platform.reports.Dimension;
import io.hadal.platform.reports.UsageFilter;
import io.hadal.platform.reports.UsageScope;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which usage a command is about. */
final class UsageFilterOption {
  @Option(
      names = "--from",
      paramLabel = "TIME",
      description =
          "Attempts that ended then or later, such as 2026-11-29 or 2026-11-29T13:00:00Z.")
  private @Nullable String from;

  @Option(names = "--to", paramLabel = "TIME", description = "Attempts that ended before.")
  private @Nullable String to;

  @Option(
      names = "--where",
      paramLabel = "DIMENSION=VALUE",
      description = "Only attempts with this value; may be given several times.")
  private List<String> where = List.of();

  UsageFilter filter() {
    Map<Dimension, String> values = new LinkedHashMap<>();
    for (String one : where) {
      int equals = one.indexOf('=');
      if (equals < 1) {
        throw new FormatException("--where " + one, "must be DIMENSION=VALUE");
      }
      values.put(Dimension.of(one.substring(0, equals)), one.substring(equals + 1));
    }
    long begin = time("--from", from, 0);
    long end = time("--to", to, Long.MAX_VALUE);
    if (end <= begin) {
      throw new FormatException("--to " + to, "must be later than --from");
    }
    return new UsageFilter(begin, end, UsageScope.ALL, values);
  }

  static long time(String flag, @Nullable String text, long fallback) {
    if (text == null) {
      return fallback;
    }
    try {
      return text.length() == 10
          ? LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant().toEpochMilli()
          : Instant.parse(text).toEpochMilli();
    } catch (DateTimeParseException e) {
      throw new FormatException(
          flag + " " + text, "must be a time such as 2026-11-29 or 2026-11-29T13:00:00Z", e);
    }
  }
}
