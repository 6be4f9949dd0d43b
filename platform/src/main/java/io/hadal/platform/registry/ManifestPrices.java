package io.hadal.platform.registry;

import io.hadal.formats.FormatException;
import io.hadal.platform.money.Price;
import io.hadal.platform.money.PriceBook;
import io.hadal.platform.money.Schedule;
import io.hadal.platform.money.UnitPrices;
import io.hadal.platform.money.Usd;
import java.time.Clock;
import java.util.Map.Entry;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The prices of a manifest: whole numbers are pico-USD a unit, texts such as {@code "0.28"} are USD
 * a million tokens, or USD an image, second or request.
 */
public final class ManifestPrices {
  private static final String SOURCE = "manifest";

  private ManifestPrices() {}

  /**
   * The prices; null when a manifest has none.
   *
   * @throws io.hadal.formats.FormatException when one cannot be read
   */
  static @Nullable UnitPrices read(JsonNode manifest, String source) {
    JsonNode prices = manifest.path("prices");
    if (prices.isMissingNode() || prices.isNull()) {
      return null;
    }
    if (!prices.isObject()) {
      throw new FormatException(source, "prices must be an object");
    }
    ObjectNode pico = JsonMapper.shared().createObjectNode();
    for (Entry<String, JsonNode> price : prices.properties()) {
      String name = price.getKey();
      JsonNode value = price.getValue();
      String field = source + ": prices." + name;
      boolean whole = name.equals("image") || name.equals("second") || name.equals("request");
      if (value.isString()) {
        String text = value.stringValue();
        pico.put(name, whole ? Usd.pico(text, field) : Usd.picoOfMillion(text, field));
      } else {
        pico.set(name, value);
      }
    }
    return UnitPrices.read(pico, null, source + ": prices");
  }

  /** Puts the prices of a version into the book, unless it has some there. */
  public static void enter(ModelVersion version, PriceBook book, String by, Clock clock) {
    UnitPrices prices = read(version.manifest().json(), SOURCE);
    if (prices == null || !book.list(version.id(), null, 0, 1).isEmpty()) {
      return;
    }
    long now = clock.millis();
    book.add(new Price(0, version.id(), null, now, null, prices, Schedule.NONE, SOURCE, by, now));
  }
}
