package io.hadal.server.redaction;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.platform.redaction.Redaction;
import io.hadal.platform.redaction.RedactionMode;
import io.hadal.platform.redaction.Redactor;
import io.hadal.platform.redaction.StreamRedactor;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What happens to the texts of one answer, and what was found in them. */
final class AnswerRules {
  private final Redaction request;
  private final Redactor redactor;
  private final RedactionMode mode;
  private final boolean jsonText;
  private final Map<String, Integer> counts = new TreeMap<>();

  /** Watched by other threads. */
  private volatile boolean blocked;

  /**
   * Rules of an answer.
   *
   * @param request knows what was taken out of the request
   * @param mode what happens to what the model itself says
   * @param jsonText true when the text of the answer is JSON, as the request asked for
   */
  AnswerRules(Redaction request, Redactor redactor, RedactionMode mode, boolean jsonText) {
    this.request = request;
    this.redactor = redactor;
    this.mode = mode;
    this.jsonText = jsonText;
  }

  Redaction request() {
    return request;
  }

  boolean jsonText() {
    return jsonText;
  }

  /** Whether the answer is looked at at all. */
  boolean looks() {
    return mode != RedactionMode.OFF;
  }

  /** Whether the client must not see what is found. */
  boolean hides() {
    return mode == RedactionMode.MASK || mode == RedactionMode.BLOCK;
  }

  /** Whether the answer holds what must not reach the client at all. */
  boolean blocked() {
    return blocked;
  }

  /** How often each kind was found. */
  Map<String, Integer> counts() {
    return counts;
  }

  StreamRedactor stream() {
    return redactor.stream(mode);
  }

  /** Takes note of what was found so far in a text that goes on. */
  void found(Map<String, Integer> so) {
    if (mode == RedactionMode.BLOCK && !so.isEmpty()) {
      blocked = true;
    }
  }

  /** Takes note of what was found in a whole text. */
  void count(Map<String, Integer> more) {
    found(more);
    more.forEach((kind, count) -> counts.merge(kind, count, Integer::sum));
  }

  private Redaction look() {
    return redactor.begin(mode == RedactionMode.DETECT ? RedactionMode.DETECT : RedactionMode.MASK);
  }

  private void note(Redaction looking, boolean counted) {
    if (counted) {
      count(looking.counts());
    } else {
      found(looking.counts());
    }
  }

  /**
   * A whole text without what must not be in it.
   *
   * @param counted false for a text that was seen already, in pieces
   */
  String look(String text, boolean counted) {
    if (!looks()) {
      return text;
    }
    Redaction looking = look();
    String by = looking.apply(text);
    note(looking, counted);
    return by;
  }

  /** The same for a whole text that is JSON. */
  String lookJson(String text, boolean counted) {
    if (!looks()) {
      return text;
    }
    JsonNode json;
    try {
      json = Json.parse(text.getBytes(StandardCharsets.UTF_8), "text");
    } catch (FormatException e) {
      return look(text, counted);
    }
    Redaction looking = look();
    JsonNode by = JsonTexts.freeValue(json, new Plain(looking));
    note(looking, counted);
    return by.equals(json) ? text : Json.text(by);
  }

  /**
   * All texts of a whole answer, or of an event, as the client may see them.
   *
   * @param counted false for what was seen already, in pieces
   */
  void change(ObjectNode json, boolean counted) {
    if (hides()) {
      withoutTokens(json);
    }
    JsonTexts.change(json, new Whole(counted));
  }

  /** Takes single tokens out, which say the same as the texts. */
  private static void withoutTokens(JsonNode node) {
    if (node instanceof ObjectNode object && object.has("logprobs")) {
      if (object.get("logprobs").isArray()) {
        object.putArray("logprobs");
      } else {
        object.putNull("logprobs");
      }
    }
    if (node instanceof ObjectNode || node instanceof ArrayNode) {
      node.forEach(AnswerRules::withoutTokens);
    }
  }

  private final class Whole implements JsonTexts.Filter {
    private final boolean counted;

    Whole(boolean counted) {
      this.counted = counted;
    }

    @Override
    public String text(String name, String text) {
      boolean answer = name.equals("content") || name.equals("text") || name.equals("response");
      return jsonText && answer ? json(text) : request.restore(look(text, counted));
    }

    @Override
    public String json(String text) {
      return request.restoreJson(lookJson(text, counted));
    }
  }

  private record Plain(Redaction looking) implements JsonTexts.Filter {
    @Override
    public String text(String name, String text) {
      return looking.apply(text);
    }

    @Override
    public String json(String text) {
      return looking.apply(text);
    }
  }
}
