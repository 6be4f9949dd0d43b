package io.hadal.platform.money;

import io.hadal.formats.FormatException;
import java.math.BigDecimal;

/** Amounts as people write them. */
public final class Usd {
  /** Digits of a nano-USD behind the point. */
  private static final int NANO_DIGITS = 9;

  private Usd() {}

  /** Nano-USD as decimal text, exactly and without needless zeros: {@code 0.0012}. */
  public static String text(long nano) {
    return plain(BigDecimal.valueOf(nano, NANO_DIGITS));
  }

  /** Pico-USD of one token as USD of a million tokens. */
  public static String perMillion(long pico) {
    return plain(BigDecimal.valueOf(pico, 6));
  }

  private static String plain(BigDecimal value) {
    BigDecimal stripped = value.stripTrailingZeros();
    return (stripped.scale() < 0 ? stripped.setScale(0) : stripped).toPlainString();
  }

  /**
   * Reads decimal text as nano-USD.
   *
   * @param source what the text is, for errors
   * @throws FormatException when it is no amount, or finer than a nano-USD
   */
  public static long nano(String text, String source) {
    return scaled(text, NANO_DIGITS, source);
  }

  /**
   * Reads USD of a million tokens as pico-USD of one.
   *
   * @throws FormatException when it is no price, negative, or finer than a pico-USD
   */
  public static long picoOfMillion(String text, String source) {
    return price(scaled(text, 6, source), source);
  }

  /**
   * Reads USD as pico-USD.
   *
   * @throws FormatException when it is no price, negative, or finer than a pico-USD
   */
  public static long pico(String text, String source) {
    return price(scaled(text, 12, source), source);
  }

  private static long price(long pico, String source) {
    if (pico < 0) {
      throw new FormatException(source, "must not be negative");
    }
    return pico;
  }

  private static long scaled(String text, int digits, String source) {
    if (!text.matches("-?[0-9]{1,12}(\\.[0-9]{1,18})?")) {
      throw new FormatException(source, "must be an amount such as 12.50");
    }
    try {
      return new BigDecimal(text).movePointRight(digits).longValueExact();
    } catch (ArithmeticException e) {
      throw new FormatException(
          source, "has more than " + digits + " digits behind the point, or is too large", e);
    }
  }
}
