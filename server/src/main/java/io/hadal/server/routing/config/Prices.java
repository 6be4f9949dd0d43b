package io.hadal.server.routing.config;

import io.hadal.formats.FormatException;
import io.hadal.platform.money.PriceSnapshot;
import io.hadal.server.config.Section;
import java.math.BigDecimal;
import org.jspecify.annotations.Nullable;

/** Reads what an upstream bills: USD per million tokens, and per image, second and request. */
final class Prices {
  /** Pico-USD per token in a USD per million tokens. */
  private static final int PER_MILLION = 6;

  private static final int PICO = 12;

  private final Section section;

  private Prices(Section section) {
    this.section = section;
  }

  /**
   * The prices.
   *
   * @param fallback prices of what is not named
   * @throws FormatException when one of them is finer than a pico-USD
   */
  static @Nullable PriceSnapshot read(Section section, @Nullable PriceSnapshot fallback) {
    Prices reader = new Prices(section);
    if (section.names().isEmpty()) {
      return fallback;
    }
    long input = reader.token("input", 0);
    long output = reader.token("output", 0);
    PriceSnapshot prices =
        new PriceSnapshot(
            0,
            input,
            reader.token("cache_read", input),
            reader.token("cache_write", input),
            output,
            reader.token("reasoning", output),
            reader.amount("image", PICO, 0),
            reader.amount("second", PICO, 0),
            reader.amount("request", PICO, 0));
    section.requireKnown();
    return prices;
  }

  private long token(String name, long fallback) {
    return amount(name, PER_MILLION, fallback);
  }

  private long amount(String name, int shift, long fallback) {
    BigDecimal value = section.decimal(name);
    if (value == null) {
      return fallback;
    }
    try {
      long pico = value.movePointRight(shift).longValueExact();
      if (pico > 1_000_000_000_000_000L) {
        throw section.broken(name, "is more than a thousand dollars");
      }
      return pico;
    } catch (ArithmeticException e) {
      throw section.broken(name, "must not be finer than a millionth of a millionth of a dollar");
    }
  }
}
