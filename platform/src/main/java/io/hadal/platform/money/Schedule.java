package io.hadal.platform.money;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import java.nio.charset.StandardCharsets;
import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Hours at which other prices hold, in UTC. The first window that fits wins. */
public record Schedule(List<Window> windows) {
  /** One price at all hours. */
  public static final Schedule NONE = new Schedule(List.of());

  private static final int MOST_WINDOWS = 50;
  private static final Set<String> FIELDS = Set.of("name", "days", "from", "to", "prices");
  private static final JsonMapper MAPPER = JsonMapper.shared();

  /**
   * A time of day with its own prices.
   *
   * @param name such as {@code off-peak}
   * @param days days on which it begins
   * @param from its first minute
   * @param to the minute behind it; not later than {@code from}: on the next day
   */
  public record Window(
      String name, Set<DayOfWeek> days, LocalTime from, LocalTime to, UnitPrices prices) {
    public Window {
      days = Set.copyOf(days);
    }

    boolean covers(OffsetDateTime time) {
      LocalTime of = time.toLocalTime();
      DayOfWeek day = time.getDayOfWeek();
      if (from.isBefore(to)) {
        return days.contains(day) && !of.isBefore(from) && of.isBefore(to);
      }
      return (days.contains(day) && !of.isBefore(from))
          || (days.contains(day.minus(1)) && of.isBefore(to));
    }
  }

  public Schedule {
    windows = List.copyOf(windows);
    if (windows.size() > MOST_WINDOWS) {
      throw new FormatException("schedule", "must have at most " + MOST_WINDOWS + " windows");
    }
  }

  /** The prices at a moment, {@code base} outside all windows. */
  public UnitPrices at(long millis, UnitPrices base) {
    if (windows.isEmpty()) {
      return base;
    }
    OffsetDateTime time = Instant.ofEpochMilli(millis).atOffset(ZoneOffset.UTC);
    for (Window window : windows) {
      if (window.covers(time)) {
        return window.prices();
      }
    }
    return base;
  }

  /** As JSON text. */
  public String text() {
    return json().toString();
  }

  /** As JSON: {@code [{"name","days":["mon"],"from":"16:30","to":"00:30","prices":{}}]}. */
  public ArrayNode json() {
    ArrayNode list = MAPPER.createArrayNode();
    for (Window window : windows) {
      ObjectNode one = list.addObject().put("name", window.name());
      ArrayNode days = one.putArray("days");
      for (DayOfWeek day : DayOfWeek.values()) {
        if (window.days().contains(day)) {
          days.add(text(day));
        }
      }
      one.put("from", window.from().toString()).put("to", window.to().toString());
      one.set("prices", window.prices().json(MAPPER));
    }
    return list;
  }

  private static String text(DayOfWeek day) {
    return day.name().substring(0, 3).toLowerCase(Locale.ROOT);
  }

  /**
   * Reads the text of {@link #text}.
   *
   * @throws FormatException when it is none
   */
  public static Schedule parse(String json, UnitPrices base, String source) {
    return read(Json.parse(json.getBytes(StandardCharsets.UTF_8), source), base, source);
  }

  /**
   * Reads JSON as of {@link #json}. Days may be missing (all), and prices that are those of {@code
   * base}.
   *
   * @throws FormatException when it says something else
   */
  public static Schedule read(@Nullable JsonNode node, UnitPrices base, String source) {
    if (node == null || node.isNull()) {
      return NONE;
    }
    if (!node.isArray()) {
      throw new FormatException(source, "schedule must be a list of windows");
    }
    List<Window> windows = new ArrayList<>();
    for (JsonNode one : node.values()) {
      String where = source + ": schedule[" + windows.size() + "]";
      JsonNode prices = one.get("prices");
      if (prices == null || !prices.isObject()) {
        throw new FormatException(where, "prices must be an object");
      }
      for (String field : one.propertyNames()) {
        if (!FIELDS.contains(field)) {
          throw new FormatException(where, "has name, days, from, to and prices, nothing else");
        }
      }
      JsonNode name = one.get("name");
      windows.add(
          new Window(
              name != null && name.isString() ? name.stringValue() : "window",
              days(one.get("days"), where),
              time(one, "from", where),
              time(one, "to", where),
              UnitPrices.read(prices, base, where + ": prices")));
    }
    return windows.isEmpty() ? NONE : new Schedule(windows);
  }

  private static Set<DayOfWeek> days(@Nullable JsonNode node, String where) {
    if (node == null || node.isNull()) {
      return EnumSet.allOf(DayOfWeek.class);
    }
    Set<DayOfWeek> days = EnumSet.noneOf(DayOfWeek.class);
    for (JsonNode one : node.values()) {
      DayOfWeek found = null;
      for (DayOfWeek day : DayOfWeek.values()) {
        if (one.isString() && text(day).equals(one.stringValue())) {
          found = day;
        }
      }
      if (found == null) {
        throw new FormatException(where, "days must be of mon tue wed thu fri sat sun");
      }
      days.add(found);
    }
    if (days.isEmpty()) {
      throw new FormatException(where, "days must name a day");
    }
    return days;
  }

  private static LocalTime time(JsonNode node, String name, String where) {
    JsonNode value = node.get(name);
    try {
      if (value != null && value.isString()) {
        return LocalTime.parse(value.stringValue());
      }
    } catch (DateTimeParseException e) {
      throw new FormatException(where, name + " must be a time of day such as 16:30", e);
    }
    throw new FormatException(where, name + " must be a time of day such as 16:30");
  }
}
