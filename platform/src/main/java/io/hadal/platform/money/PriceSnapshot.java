package io.hadal.platform.money;

import io.hadal.platform.usage.Quantities;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;

/**
 * Prices of a model version at one moment, in pico-USD (10^-12) per token, image, second and
 * request.
 *
 * @param id row of the price book; 0 for none
 * @param request flat price of each request
 */
public record PriceSnapshot(
    long id,
    long input,
    long cacheRead,
    long cacheWrite,
    long output,
    long reasoning,
    long image,
    long second,
    long request) {
  /** Everything is free. */
  public static final PriceSnapshot FREE = new PriceSnapshot(0, 0, 0, 0, 0, 0, 0, 0, 0);

  /** Pico-USD in a nano-USD. */
  private static final BigDecimal PICO = BigDecimal.valueOf(1000);

  /**
   * Cost in nano-USD: the exact sum, rounded half-even once.
   *
   * @throws ArithmeticException when it is beyond 64 bits
   */
  public long cost(Quantities q) {
    BigInteger pico =
        product(q.inputUncached(), input)
            .add(product(q.cacheRead(), cacheRead))
            .add(product(q.cacheWrite(), cacheWrite))
            .add(product(q.outputText(), output))
            .add(product(q.outputReasoning(), reasoning))
            .add(product(q.images(), image))
            .add(product(q.seconds(), second))
            .add(BigInteger.valueOf(request));
    return new BigDecimal(pico).divide(PICO, 0, RoundingMode.HALF_EVEN).longValueExact();
  }

  private static BigInteger product(long quantity, long price) {
    return BigInteger.valueOf(quantity).multiply(BigInteger.valueOf(price));
  }
}
