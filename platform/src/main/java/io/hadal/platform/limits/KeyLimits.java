package io.hadal.platform.limits;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.platform.lease.Window;
import io.hadal.platform.money.Usd;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Limits and a budget that a key has from its making: {@code {"rpm": 60, "budget_usd": "5",
 * "budget_window": "month"}}. They hold beside those of its project, team and organisation.
 *
 * @param amounts requests and tokens
 * @param budget nano-USD in a window of UTC; 0 for none
 */
public record KeyLimits(Map<Dimension, Long> amounts, long budget, Window window) {
  private static final String USD = "budget_usd";
  private static final String WINDOW = "budget_window";

  /** Largest budget, nano-USD. */
  private static final long MOST = 1_000_000_000_000_000_000L;

  public static final KeyLimits NONE = new KeyLimits(Map.of(), 0, Window.MONTH);

  /** Beginning of the ids of limits and budgets that come from keys. */
  public static final String PREFIX = "key:";

  public KeyLimits {
    amounts = Map.copyOf(amounts);
  }

  /** A key that has limits. */
  public record Row(String key, KeyLimits limits) {}

  /**
   * Reads limits.
   *
   * @throws FormatException when a field is unknown or cannot be used
   */
  public static KeyLimits read(JsonNode json) {
    if (!json.isObject()) {
      throw new FormatException("limits", "must be an object");
    }
    Map<Dimension, Long> amounts = new EnumMap<>(Dimension.class);
    long budget = 0;
    Window window = Window.MONTH;
    for (Map.Entry<String, JsonNode> field : json.properties()) {
      String name = field.getKey();
      JsonNode value = field.getValue();
      Dimension dimension = Dimension.of(name);
      if (dimension != null) {
        amounts.put(dimension, whole(name, value, Limit.most(dimension)));
      } else if (name.equals(USD) && value.isString()) {
        budget = Usd.nano(value.stringValue(), "limits." + USD);
        if (budget < 1 || budget > MOST) {
          throw new FormatException("limits." + USD, "must be more than nothing, and at most 1e9");
        }
      } else if (name.equals(WINDOW) && value.isString()) {
        Window named = Window.of(value.stringValue());
        if (named == null) {
          throw new FormatException("limits." + WINDOW, "must be total, day, week or month");
        }
        window = named;
      } else {
        throw new FormatException(
            "limits." + name.replaceAll("[^A-Za-z0-9_]", "?"),
            "is no limit; there are rpm, rpd, tpm_in_uncached, tpm_out, tpm_total, tpd,"
                + " concurrency, budget_usd (a text such as \"12.50\") and budget_window");
      }
    }
    return new KeyLimits(amounts, budget, window);
  }

  private static long whole(String name, JsonNode value, long most) {
    if (!value.isIntegralNumber()
        || !value.canConvertToLong()
        || value.longValue() < 1
        || value.longValue() > most) {
      throw new FormatException("limits." + name, "must be a whole number from 1 to " + most);
    }
    return value.longValue();
  }

  /** The same as JSON. */
  public ObjectNode json() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    for (Dimension dimension : Dimension.values()) {
      Long amount = amounts.get(dimension);
      if (amount != null) {
        json.put(dimension.text(), amount);
      }
    }
    if (budget > 0) {
      json.put(USD, Usd.text(budget)).put(WINDOW, window.text());
    }
    return json;
  }

  /** Keys in use that have limits, by id. */
  public static List<Row> all(Handle h) {
    return h.createQuery(
            "SELECT id, limits FROM api_key WHERE limits <> '{}' AND revoked_at IS NULL ORDER BY"
                + " id")
        .map((rs, ctx) -> new Row(rs.getString(1), stored(rs.getString(2))))
        .list();
  }

  private static KeyLimits stored(String text) {
    try {
      return read(Json.parse(text.getBytes(StandardCharsets.UTF_8), "limits"));
    } catch (FormatException e) {
      // Earlier versions took any object here and did nothing with it.
      return NONE;
    }
  }
}
