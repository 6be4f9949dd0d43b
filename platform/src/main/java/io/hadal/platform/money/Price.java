package io.hadal.platform.money;

import io.hadal.formats.FormatException;
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

  /**
   * A version that prices can be of, for those that people enter: with a name, which no attempt is
   * ever charged by, a model would stay free.
   *
   * @throws FormatException when it is none
   */
  public static String version(String text) {
    if (!text.equals(ANY_MODEL) && !text.matches("[A-Za-z0-9._:/@*+-]*[@/][A-Za-z0-9._:/@*+-]*")) {
      throw new FormatException(
          "version",
          "must be a version, such as family@2026-11-29, or UPSTREAM/MODEL for an upstream's model"
              + " that is no version of the registry, or * for all without a price; `hadal ledger"
              + " report --by version` shows those in use");
    }
    return text;
  }

  /** The prices of a moment, without looking whether the row is valid then. */
  public PriceSnapshot at(long millis) {
    return schedule.at(millis, base).snapshot(id);
  }

  boolean validAt(long millis) {
    return validFrom <= millis && (validTo == null || millis < validTo);
  }
}
