package io.hadal.platform.money;

import org.jspecify.annotations.Nullable;

/**
 * A row of the price book. It never changes: another price is another row.
 *
 * @param id counts from 1; 0 before it is in the book
 * @param modelVersion the version, or {@code *} for all without a price of their own
 * @param project the only project that has this price; null for all
 * @param validFrom since when, milliseconds since 1970
 * @param validTo until when, exclusive; null for ever
 * @param base prices outside the windows of the schedule
 * @param source where it comes from, such as the provider's page
 * @param createdBy who entered it
 * @param createdAt when
 */
public record Price(
    long id,
    String modelVersion,
    @Nullable String project,
    long validFrom,
    @Nullable Long validTo,
    UnitPrices base,
    Schedule schedule,
    String source,
    String createdBy,
    long createdAt) {
  /** Stands for any version. */
  public static final String ANY_MODEL = "*";

  /** The prices of a moment, without looking whether the row is valid then. */
  public PriceSnapshot at(long millis) {
    return schedule.at(millis, base).snapshot(id);
  }

  boolean validAt(long millis) {
    return validFrom <= millis && (validTo == null || millis < validTo);
  }
}
