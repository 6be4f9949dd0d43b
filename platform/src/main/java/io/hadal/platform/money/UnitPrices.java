package io.hadal.platform.money;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Prices in pico-USD (10^-12) per token, image, second and request.
 *
 * @param input a prompt token that was computed
 * @param cacheRead a prompt token whose state was there already
 * @param cacheWrite a prompt token that was computed and kept
 * @param output a token of an answer
 * @param reasoning a token of reasoning
 * @param request flat price of each request
 */
public record UnitPrices(
    long input,
    long cacheRead,
    long cacheWrite,
    long output,
    long reasoning,
    long image,
    long second,
    long request) {
  /** Everything is free. */
  public static final UnitPrices FREE = new UnitPrices(0, 0, 0, 0, 0, 0, 0, 0);

  /** A million USD; keeps every product with a count below 2^63 in what a ledger can hold. */
  private static final long MOST = 1_000_000_000_000_000_000L;

  private static final Set<String> FIELDS =
      Set.of(
          "input",
          "cache_read",
          "cache_write",
          "output",
          "reasoning",
          "image",
          "second",
          "request");

  public UnitPrices {
    for (long price :
        new long[] {input, cacheRead, cacheWrite, output, reasoning, image, second, request}) {
      if (price < 0 || price > MOST) {
        throw new FormatException("price", "must be from 0 to 10^18 pico-USD, not " + price);
      }
    }
  }

  /** A flat price of each request, whatever its length. */
  public static UnitPrices flat(long request) {
    return new UnitPrices(0, 0, 0, 0, 0, 0, 0, request);
  }

  /** Prices of tokens; reasoning costs what an answer does. */
  public static UnitPrices tokens(long input, long cacheRead, long cacheWrite, long output) {
    return new UnitPrices(input, cacheRead, cacheWrite, output, output, 0, 0, 0);
  }

  /** These prices, as they are taken at an admission. */
  public PriceSnapshot snapshot(long id) {
    return new PriceSnapshot(
        id, input, cacheRead, cacheWrite, output, reasoning, image, second, request);
  }

  /** The prices one after the other, for hashes. */
  String text() {
    return input
        + ","
        + cacheRead
        + ","
        + cacheWrite
        + ","
        + output
        + ","
        + reasoning
        + ","
        + image
        + ","
        + second
        + ","
        + request;
  }

  /** As JSON, in pico-USD. */
  public ObjectNode json() {
    return json(JsonMapper.shared());
  }

  ObjectNode json(JsonMapper mapper) {
    return mapper
        .createObjectNode()
        .put("input", input)
        .put("cache_read", cacheRead)
        .put("cache_write", cacheWrite)
        .put("output", output)
        .put("reasoning", reasoning)
        .put("image", image)
        .put("second", second)
        .put("request", request);
  }

  /**
   * Reads prices in pico-USD. What is missing is as in {@code base}; without one, both cache prices
   * are that of input, reasoning that of output, and the rest is free.
   *
   * @throws FormatException when a price is no whole number, or there is none, or one of another
   *     name: with a slip in its name, a model would be free
   */
  public static UnitPrices read(JsonNode node, @Nullable UnitPrices base, String source) {
    Json.requireKnown(node, FIELDS, "", source);
    if (!node.isObject() || node.isEmpty()) {
      throw new FormatException(source, "must hold a price; 0 is free");
    }
    long input = price(node, "input", base == null ? 0 : base.input, source);
    long output = price(node, "output", base == null ? 0 : base.output, source);
    return new UnitPrices(
        input,
        price(node, "cache_read", base == null ? input : base.cacheRead, source),
        price(node, "cache_write", base == null ? input : base.cacheWrite, source),
        output,
        price(node, "reasoning", base == null ? output : base.reasoning, source),
        price(node, "image", base == null ? 0 : base.image, source),
        price(node, "second", base == null ? 0 : base.second, source),
        price(node, "request", base == null ? 0 : base.request, source));
  }

  private static long price(JsonNode node, String name, long fallback, String source) {
    JsonNode value = node.get(name);
    if (value == null || value.isNull()) {
      return fallback;
    }
    if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0) {
      throw new FormatException(source, name + " must be a whole number of pico-USD");
    }
    return value.longValue();
  }
}
