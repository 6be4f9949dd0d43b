package io.hadal.platform.reports;

import java.util.List;

/**
 * A group of attempts.
 *
 * @param values values of the dimensions, in the order of the query; empty text for none
 */
public record UsageRow(List<String> values, Measures measures) {
  public UsageRow {
    values = List.copyOf(values);
  }
}
