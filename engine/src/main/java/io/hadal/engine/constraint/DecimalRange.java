package io.hadal.engine.constraint;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Decimal numbers between bounds, as expressions over their digits. */
final class DecimalRange {
  /** Most digits of a bound before and behind the point, and of a number without bound. */
  static final int MOST_DIGITS = 18;

  private static final CharacterSet DIGITS = CharacterSet.range('0', '9');

  private DecimalRange() {}

  /**
   * Whole numbers between bounds, which are included.
   *
   * @param least null for none
   */
  static Expression integers(@Nullable BigInteger least, @Nullable BigInteger most) {
    return fixed(bound(least, true), bound(most, false), 0, null, null);
  }

  /** A bound, or one that no ordinary number is beyond. */
  private static BigInteger bound(@Nullable BigInteger given, boolean low) {
    BigInteger limit = BigInteger.TEN.pow(MOST_DIGITS).subtract(BigInteger.ONE);
    return given != null ? given : low ? limit.negate() : limit;
  }

  /**
   * Numbers between bounds, without exponents.
   *
   * @param aboveLeast whether the lower bound itself is left out
   * @param mostScale most digits behind the point; -1 for no limit
   */
  static Expression numbers(
      @Nullable BigDecimal least,
      boolean aboveLeast,
      @Nullable BigDecimal most,
      boolean belowMost,
      int mostScale) {
    int scale = Math.max(scale(least), scale(most));
    List<Expression> options = new ArrayList<>();
    int plain = mostScale >= 0 ? mostScale : Math.max(0, scale - 1);
    for (int k = 0; k <= plain; k++) {
      BigInteger low = least == null ? null : scaled(least, k, RoundingMode.CEILING);
      BigInteger high = most == null ? null : scaled(most, k, RoundingMode.FLOOR);
      if (low != null && aboveLeast && same(low, k, least)) {
        low = low.add(BigInteger.ONE);
      }
      if (high != null && belowMost && same(high, k, most)) {
        high = high.subtract(BigInteger.ONE);
      }
      options.add(fixed(wide(low, k, true), wide(high, k, false), k, null, null));
    }
    if (mostScale < 0) {
      BigInteger low =
          wide(least == null ? null : scaled(least, scale, RoundingMode.CEILING), scale, true);
      BigInteger high =
          wide(most == null ? null : scaled(most, scale, RoundingMode.FLOOR), scale, false);
      options.add(fixed(low, high, scale, aboveLeast, belowMost));
    }
    return new Expression.Choice(options);
  }

  private static boolean same(BigInteger value, int scale, @Nullable BigDecimal bound) {
    return bound != null && new BigDecimal(value, scale).compareTo(bound) == 0;
  }

  private static BigInteger wide(@Nullable BigInteger bound, int scale, boolean low) {
    return bound != null ? bound : bound(null, low).multiply(BigInteger.TEN.pow(scale));
  }

  private static int scale(@Nullable BigDecimal bound) {
    return bound == null ? 0 : Math.max(0, bound.stripTrailingZeros().scale());
  }

  private static BigInteger scaled(BigDecimal value, int scale, RoundingMode rounding) {
    return value.setScale(scale, rounding).unscaledValue();
  }

  /**
   * Numbers with so many digits behind the point.
   *
   * @param low least value of all digits, the point left out
   * @param openLow null for exactly those digits; else more digits may follow, and this tells
   *     whether the bound itself is left out
   */
  private static Expression fixed(
      BigInteger low,
      BigInteger high,
      int scale,
      @Nullable Boolean openLow,
      @Nullable Boolean openHigh) {
    List<Expression> options = new ArrayList<>();
    if (high.signum() >= 0) {
      BigInteger from = low.max(BigInteger.ZERO);
      // A bound below zero is no bound here.
      Boolean open = openLow == null ? null : openLow && from.equals(low);
      options.add(positive(from, high, scale, open, openHigh));
    }
    if (low.signum() < 0) {
      BigInteger from = high.negate().max(BigInteger.ZERO);
      boolean zero = from.signum() == 0;
      Boolean open = openLow == null ? null : zero || (openHigh != null && openHigh);
      if (zero && openLow == null) {
        from = BigInteger.ONE;
      }
      options.add(
          Expression.sequence(
              Expression.literal("-"), positive(from, low.negate(), scale, open, openLow)));
    }
    return new Expression.Choice(options);
  }

  private static Expression positive(
      BigInteger low,
      BigInteger high,
      int scale,
      @Nullable Boolean openLow,
      @Nullable Boolean openHigh) {
    List<Expression> options = new ArrayList<>();
    if (openLow == null || openHigh == null) {
      range(low, high, scale, Expression.EMPTY, options);
      return new Expression.Choice(options);
    }
    Expression point = scale == 0 ? Expression.literal(".") : Expression.EMPTY;
    Expression digits = new Expression.Characters(DIGITS);
    Expression any = new Expression.Repeat(digits, 0, MOST_DIGITS);
    // Anything may follow all but the highest; something above zero an open lowest.
    Expression more =
        scale == 0
            ? Expression.optional(
                Expression.sequence(point, new Expression.Repeat(digits, 1, MOST_DIGITS)))
            : any;
    BigInteger below = high.subtract(BigInteger.ONE);
    if (openLow) {
      if (low.compareTo(below) <= 0) {
        Expression some =
            Expression.sequence(
                point,
                new Expression.Repeat(Expression.literal("0"), 0, 2),
                new Expression.Characters(CharacterSet.range('1', '9')),
                any);
        range(low, low, scale, some, options);
      }
      range(low.add(BigInteger.ONE), below, scale, more, options);
    } else {
      range(low, below, scale, more, options);
    }
    boolean alone = low.equals(high) && openLow;
    if (!openHigh && !alone && low.compareTo(high) <= 0) {
      range(high, high, scale, Expression.EMPTY, options);
    }
    return new Expression.Choice(options);
  }

  /** Numbers from low to high by their digits, of one length after the other. */
  private static void range(
      BigInteger low, BigInteger high, int scale, Expression behind, List<Expression> to) {
    BigInteger from = low;
    while (from.compareTo(high) <= 0) {
      int length = Math.max(from.toString().length(), scale + 1);
      BigInteger last = BigInteger.TEN.pow(length).subtract(BigInteger.ONE).min(high);
      digits(pad(from, length), pad(last, length), 0, scale, new ArrayList<>(), behind, to);
      from = last.add(BigInteger.ONE);
    }
  }

  private static String pad(BigInteger value, int length) {
    String text = value.toString();
    return "0".repeat(length - text.length()) + text;
  }

  /** Texts of one length from one to another, by their first different digit. */
  private static void digits(
      String low,
      String high,
      int at,
      int scale,
      List<Expression> before,
      Expression behind,
      List<Expression> to) {
    int n = low.length();
    String restLow = low.substring(at);
    String restHigh = high.substring(at);
    boolean free =
        restLow.chars().allMatch(c -> c == '0') && restHigh.chars().allMatch(c -> c == '9');
    if (at == n || free) {
      List<Expression> parts = new ArrayList<>(before);
      for (int i = at; i < n; i++) {
        parts.add(new Expression.Characters(DIGITS));
      }
      if (scale > 0) {
        parts.add(n - scale, Expression.literal("."));
      }
      parts.add(behind);
      to.add(new Expression.Sequence(parts));
      return;
    }
    char a = low.charAt(at);
    char b = high.charAt(at);
    if (a == b) {
      digits(low, high, at + 1, scale, with(before, a, a), behind, to);
      return;
    }
    String zeros = "0".repeat(n - at - 1);
    String nines = "9".repeat(n - at - 1);
    String head = low.substring(0, at);
    char first = a;
    char last = b;
    if (!low.substring(at + 1).equals(zeros)) {
      digits(low, head + a + nines, at + 1, scale, with(before, a, a), behind, to);
      first++;
    }
    if (!high.substring(at + 1).equals(nines)) {
      last--;
    }
    if (first <= last) {
      digits(
          head + first + zeros,
          head + last + nines,
          n - zeros.length(),
          scale,
          with(before, first, last),
          behind,
          to);
    }
    if (last < b) {
      digits(head + b + zeros, high, at + 1, scale, with(before, b, b), behind, to);
    }
  }

  private static List<Expression> with(List<Expression> before, char first, char last) {
    List<Expression> parts = new ArrayList<>(before);
    parts.add(new Expression.Characters(CharacterSet.range(first, last)));
    return parts;
  }
}
