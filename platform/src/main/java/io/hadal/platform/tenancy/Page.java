package io.hadal.platform.tenancy;

import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A part of a list.
 *
 * @param next what to ask for to get the following part; null at the end
 */
public record Page<T>(List<T> data, @Nullable String next) {
  /** Longest part. */
  public static final int MOST = 500;

  public Page {
    data = List.copyOf(data);
  }

  /** Makes a part of rows of which one more than the limit was asked for. */
  public static <T> Page<T> of(List<T> rows, int limit, Function<T, String> id) {
    return rows.size() <= limit
        ? new Page<>(rows, null)
        : new Page<>(rows.subList(0, limit), id.apply(rows.get(limit - 1)));
  }
}
