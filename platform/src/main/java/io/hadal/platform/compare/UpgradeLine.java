package io.hadal.platform.compare;

import io.hadal.formats.FormatException;
import io.hadal.platform.rollout.Observation.Check;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * How two versions have answered one request of a set, in figures only.
 *
 * @param number place of the request in its set, from 1
 * @param from the version in use
 * @param to the version that may follow
 */
public record UpgradeLine(
    int number, Side from, Side to, boolean sameText, boolean sameFinish, boolean sameCalls) {
  /**
   * One answer.
   *
   * @param status HTTP status; 0 for no answer
   * @param finish why it ended; null for no answer
   * @param calls whether its calls could be read
   * @param schema whether it follows what it had to
   * @param characters of text and arguments
   * @param millis time from request to last token
   * @param costNano nano-USD; null without a price
   */
  public record Side(
      int status,
      @Nullable String finish,
      Check calls,
      Check schema,
      boolean refused,
      long characters,
      long inputTokens,
      long outputTokens,
      long millis,
      @Nullable Long costNano) {
    boolean failed() {
      return finish == null;
    }

    ObjectNode json() {
      return JsonMapper.shared()
          .createObjectNode()
          .put("status", status)
          .put("finish", finish)
          .put("calls", word(calls))
          .put("schema", word(schema))
          .put("refused", refused)
          .put("characters", characters)
          .put("input_tokens", inputTokens)
          .put("output_tokens", outputTokens)
          .put("millis", millis)
          .put("cost_nano", costNano);
    }

    static Side read(JsonNode json) {
      JsonNode finish = json.path("finish");
      JsonNode cost = json.path("cost_nano");
      return new Side(
          json.path("status").asInt(0),
          finish.isString() ? finish.stringValue() : null,
          check(json.path("calls")),
          check(json.path("schema")),
          json.path("refused").asBoolean(false),
          json.path("characters").asLong(0),
          json.path("input_tokens").asLong(0),
          json.path("output_tokens").asLong(0),
          json.path("millis").asLong(0),
          cost.isIntegralNumber() ? cost.longValue() : null);
    }

    private static String word(Check check) {
      return check.name().toLowerCase(Locale.ROOT);
    }

    private static Check check(JsonNode word) {
      return switch (word.asString("")) {
        case "good" -> Check.GOOD;
        case "bad" -> Check.BAD;
        default -> Check.NONE;
      };
    }
  }

  /** As JSON. */
  public ObjectNode json() {
    ObjectNode json = JsonMapper.shared().createObjectNode().put("number", number);
    json.set("from", from.json());
    json.set("to", to.json());
    return json.put("same_text", sameText)
        .put("same_finish", sameFinish)
        .put("same_calls", sameCalls);
  }

  /**
   * From JSON.
   *
   * @param source name for messages
   * @throws FormatException when it is no such line
   */
  public static UpgradeLine read(JsonNode json, String source) {
    int number = json.path("number").asInt(0);
    if (number < 1 || !json.path("from").isObject() || !json.path("to").isObject()) {
      throw new FormatException(source, "is no result of an upgrade report");
    }
    return new UpgradeLine(
        number,
        Side.read(json.path("from")),
        Side.read(json.path("to")),
        json.path("same_text").asBoolean(false),
        json.path("same_finish").asBoolean(false),
        json.path("same_calls").asBoolean(false));
  }
}
