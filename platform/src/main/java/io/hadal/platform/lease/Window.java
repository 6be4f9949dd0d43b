package io.hadal.platform.lease;

import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.temporal.TemporalAdjusters;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** How long an amount lasts. */
public enum Window {
  /** For ever. */
  TOTAL,
  DAY,
  /** From Monday. */
  WEEK,
  MONTH;

  /**
   * From when to when, milliseconds since 1970.
   *
   * @param start first millisecond
   * @param end first millisecond after it; {@link Long#MAX_VALUE} for never
   */
  public record Span(long start, long end) {
    static final Span EVER = new Span(0, Long.MAX_VALUE);

    boolean holds(long now) {
      return now >= start && now < end;
    }
  }

  /** The window of this kind that a moment is in. */
  public Span at(long now, ZoneId zone) {
    if (this == TOTAL) {
      return Span.EVER;
    }
    LocalDate day = Instant.ofEpochMilli(now).atZone(zone).toLocalDate();
    LocalDate first =
        switch (this) {
          case TOTAL, DAY -> day;
          case WEEK -> day.with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY));
          case MONTH -> day.withDayOfMonth(1);
        };
    LocalDate next =
        switch (this) {
          case TOTAL, DAY -> first.plusDays(1);
          case WEEK -> first.plusWeeks(1);
          case MONTH -> first.plusMonths(1);
        };
    return new Span(midnight(first, zone), midnight(next, zone));
  }

  private static long midnight(LocalDate day, ZoneId zone) {
    return day.atStartOfDay(zone).toInstant().toEpochMilli();
  }

  /** The name in settings. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The window of a name; null for none. */
  public static @Nullable Window of(String text) {
    for (Window window : values()) {
      if (window.text().equals(text)) {
        return window;
      }
    }
    return null;
  }
}
