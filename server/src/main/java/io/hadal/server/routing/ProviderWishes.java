package io.hadal.server.routing;

import io.hadal.chat.Problem;
import io.hadal.server.routing.config.Strategy;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What a request says about who may answer it: the object {@code provider}, as OpenRouter has it.
 *
 * @param order names to try first
 * @param only names that may answer; empty for all
 * @param ignore names that may not
 * @param fallbacks false to try one upstream only
 * @param requireParameters true to skip upstreams that do not say they can do all that is asked
 * @param sort how to order; null for the strategy of the route
 * @param mostInput highest price of a prompt's token, pico-USD; -1 for any
 * @param mostOutput highest price of an answer's token, pico-USD; -1 for any
 * @param zdr true for upstreams that keep nothing
 */
record ProviderWishes(
    List<String> order,
    Set<String> only,
    Set<String> ignore,
    boolean fallbacks,
    boolean requireParameters,
    @Nullable Strategy sort,
    long mostInput,
    long mostOutput,
    boolean zdr) {
  static final ProviderWishes NONE =
      new ProviderWishes(List.of(), Set.of(), Set.of(), true, false, null, -1, -1, false);

  private static final Set<String> PRICES = Set.of("prompt", "completion");

  private static final Set<String> KNOWN =
      Set.of(
          "order",
          "only",
          "ignore",
          "allow_fallbacks",
          "require_parameters",
          "sort",
          "max_price",
          "zdr",
          "data_collection");

  /**
   * Reads the object.
   *
   * @throws Problem when a field is unknown or wrong
   */
  static ProviderWishes read(@Nullable JsonNode json) {
    if (json == null || json.isNull()) {
      return NONE;
    }
    if (!json.isObject()) {
      throw Problem.invalid("provider", "must be an object");
    }
    for (String name : json.propertyNames()) {
      if (!KNOWN.contains(name)) {
        throw Problem.invalid("provider." + name, "is unknown");
      }
    }
    JsonNode price = prices(json.path("max_price"));
    return new ProviderWishes(
        names(json, "order"),
        Set.copyOf(names(json, "only")),
        Set.copyOf(names(json, "ignore")),
        flag(json, "allow_fallbacks", true),
        flag(json, "require_parameters", false),
        sort(json.get("sort")),
        price(price, "prompt"),
        price(price, "completion"),
        flag(json, "zdr", false) | denied(text(json, "data_collection")));
  }

  /** Whether upstreams may keep nothing; a slip must not mean that they may. */
  private static boolean denied(@Nullable String collection) {
    if (collection != null && !collection.equals("deny") && !collection.equals("allow")) {
      throw Problem.invalid("provider.data_collection", "must be allow or deny");
    }
    return "deny".equals(collection);
  }

  /** The limits of prices, which hold only as they are meant. */
  private static JsonNode prices(JsonNode most) {
    if (!most.isMissingNode() && !most.isNull() && !most.isObject()) {
      throw Problem.invalid("provider.max_price", "must be an object with prompt and completion");
    }
    for (String name : most.propertyNames()) {
      if (!PRICES.contains(name)) {
        throw Problem.invalid(
            "provider.max_price", "may have prompt and completion, which can be checked, no more");
      }
    }
    return most;
  }

  private static boolean flag(JsonNode json, String name, boolean fallback) {
    JsonNode value = json.get(name);
    if (value == null || value.isNull()) {
      return fallback;
    }
    if (!value.isBoolean()) {
      throw Problem.invalid("provider." + name, "must be true or false");
    }
    return value.booleanValue();
  }

  private static @Nullable String text(JsonNode json, String name) {
    JsonNode value = json.get(name);
    if (value == null || value.isNull()) {
      return null;
    }
    if (!value.isString()) {
      throw Problem.invalid("provider." + name, "must be text");
    }
    return value.stringValue();
  }

  private static List<String> names(JsonNode json, String name) {
    List<String> names = new ArrayList<>();
    JsonNode value = json.path(name);
    if (!value.isMissingNode() && !value.isNull() && (!value.isArray() || value.size() > 256)) {
      throw Problem.invalid("provider." + name, "must be a list of names");
    }
    for (JsonNode item : value) {
      if (!item.isString()) {
        throw Problem.invalid("provider." + name, "must be a list of names");
      }
      names.add(item.stringValue());
    }
    return names;
  }

  private static @Nullable Strategy sort(@Nullable JsonNode sort) {
    if (sort == null || sort.isNull()) {
      return null;
    }
    return switch (sort.asString("")) {
      case "price" -> Strategy.LEAST_COST;
      case "latency" -> Strategy.LOWEST_LATENCY;
      case "throughput" -> Strategy.THROUGHPUT;
      default -> throw Problem.invalid("provider.sort", "must be price, latency or throughput");
    };
  }

  /** USD per million tokens as pico-USD per token. */
  private static long price(JsonNode prices, String name) {
    JsonNode value = prices.path(name);
    if (value.isMissingNode() || value.isNull()) {
      return -1;
    }
    String text = value.asString("");
    if (!text.matches("[0-9]{1,6}([.][0-9]{1,12})?")) {
      throw Problem.invalid("provider.max_price." + name, "must be USD per million tokens");
    }
    return new BigDecimal(text).movePointRight(6).longValue();
  }
}
