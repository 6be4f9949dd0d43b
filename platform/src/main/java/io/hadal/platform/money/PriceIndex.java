package io.hadal.platform.money;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Rows of the price book in memory: those that may be asked for of the last week and of the time to
 * come. It never changes.
 */
final class PriceIndex {
  static final PriceIndex EMPTY = new PriceIndex(Map.of(), 0, Long.MIN_VALUE);

  /** Moments of longer ago are looked up in the database; requests begin now. */
  static final Duration KEPT = Duration.ofDays(7);

  /** Of two rows for one key, the one that began last, and of those the one entered last. */
  private static final Comparator<Price> FIRST =
      Comparator.comparingLong(Price::validFrom).thenComparingLong(Price::id).reversed();

  private record Key(String modelVersion, @Nullable String project) {}

  private final Map<Key, List<Price>> rows;
  private final long last;
  private final long since;

  private PriceIndex(Map<Key, List<Price>> rows, long last, long since) {
    this.rows = rows;
    this.last = last;
    this.since = since;
  }

  /** Id of the last row that is in here, or was. */
  long last() {
    return last;
  }

  /** Whether all rows of a moment are in here. */
  boolean knows(long millis) {
    return millis >= since;
  }

  /**
   * The same with further rows, and without those that have become old.
   *
   * @param added with greater ids than those in here, upwards
   */
  PriceIndex with(List<Price> added, long now) {
    long from = now - KEPT.toMillis();
    Map<Key, List<Price>> merged = new HashMap<>(rows);
    long greatest = last;
    for (Price price : added) {
      Key key = new Key(price.modelVersion(), price.project());
      List<Price> before = merged.getOrDefault(key, List.of());
      List<Price> list = new ArrayList<>(before);
      list.add(price);
      merged.put(key, list);
      greatest = Math.max(greatest, price.id());
    }
    merged.replaceAll((key, list) -> current(list, from));
    merged.values().removeIf(List::isEmpty);
    return new PriceIndex(merged, greatest, Math.max(since, from));
  }

  /** Rows that may hold at or after a moment. */
  private static List<Price> current(List<Price> rows, long from) {
    List<Price> sorted = new ArrayList<>(rows);
    sorted.sort(FIRST);
    List<Price> current = new ArrayList<>();
    for (Price price : sorted) {
      Long to = price.validTo();
      if (to == null || to > from) {
        current.add(price);
      }
      if (to == null && price.validFrom() <= from) {
        break; // It comes before all that follow, at each of these moments.
      }
    }
    return List.copyOf(current);
  }

  /**
   * The row that holds: a project's own before those of all, a version's own before those of any.
   *
   * @return null for none
   */
  @Nullable Price find(String modelVersion, String project, long millis) {
    Price found = find(new Key(modelVersion, project), millis);
    if (found == null) {
      found = find(new Key(Price.ANY_MODEL, project), millis);
    }
    if (found == null) {
      found = find(new Key(modelVersion, null), millis);
    }
    return found == null ? find(new Key(Price.ANY_MODEL, null), millis) : found;
  }

  private @Nullable Price find(Key key, long millis) {
    for (Price price : rows.getOrDefault(key, List.of())) {
      if (price.validAt(millis)) {
        return price;
      }
    }
    return null;
  }
}
