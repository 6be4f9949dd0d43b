package io.hadal.platform.reports;

import io.hadal.formats.FormatException;
import java.util.List;

/**
 * A report.
 *
 * @param by what is grouped; empty for one total
 * @param latencies whether percentiles are wanted; they take longer
 * @param limit most rows
 */
public record UsageQuery(UsageFilter filter, List<Dimension> by, boolean latencies, int limit) {
  /** Most rows of a report. */
  public static final int MOST_ROWS = 10_000;

  private static final int MOST_DIMENSIONS = 6;

  public UsageQuery {
    by = List.copyOf(by);
    if (by.size() > MOST_DIMENSIONS) {
      throw new FormatException("by", "must name at most " + MOST_DIMENSIONS + " dimensions");
    }
    if (limit < 1 || limit > MOST_ROWS) {
      throw new FormatException("limit", "must be from 1 to " + MOST_ROWS);
    }
  }
}
