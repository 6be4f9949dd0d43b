package io.hadal.server.redaction;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.platform.redaction.Redaction;
import io.hadal.server.wire.Digests;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Takes out of a request's texts what its redaction says. */
final class RequestTexts implements JsonTexts.Filter {
  /**
   * What stands first in a prompt is numbered first, so that the same beginning of a conversation
   * has the same placeholders in all its turns, and caches of prompts find it again.
   */
  private static final List<String> ORDER =
      List.of(
          "system", "instructions", "tools", "functions", "messages", "input", "prompt", "suffix");

  /** Names that stand for a user or a session: they need to stay the same, not to be read. */
  private static final Set<String> HANDLES =
      Set.of("user", "user_id", "safety_identifier", "prompt_cache_key");

  private final Redaction redaction;
  private final String tenant;
  private boolean changed;

  private RequestTexts(Redaction redaction, String tenant) {
    this.redaction = redaction;
    this.tenant = tenant;
  }

  /**
   * Changes a body in place.
   *
   * @param tenant whose request it is
   * @return whether anything was changed
   */
  static boolean change(ObjectNode body, Redaction redaction, String tenant) {
    JsonTexts.change(body, new Reserving(redaction));
    RequestTexts texts = new RequestTexts(redaction, tenant);
    List<String> names = new ArrayList<>(ORDER);
    body.propertyNames().stream().filter(name -> !ORDER.contains(name)).forEach(names::add);
    names.forEach(name -> JsonTexts.change(body, name, texts));
    return texts.changed;
  }

  @Override
  public String text(String name, String text) {
    String by = redaction.apply(text);
    if (by.equals(text)) {
      return text;
    }
    changed = true;
    return HANDLES.contains(name) ? Digests.hash(tenant, text) : by;
  }

  @Override
  public String json(String text) {
    JsonNode json;
    try {
      json = Json.parse(text.getBytes(StandardCharsets.UTF_8), "arguments");
    } catch (FormatException e) {
      return text("", text);
    }
    JsonNode by = JsonTexts.freeValue(json, this);
    return by.equals(json) ? text : Json.text(by);
  }

  /** Sees what looks like a placeholder, and changes nothing. */
  private record Reserving(Redaction redaction) implements JsonTexts.Filter {
    @Override
    public String text(String name, String text) {
      redaction.reserve(text);
      return text;
    }

    @Override
    public String json(String text) {
      redaction.reserve(text.replace("\\u003c", "<").replace("\\u003e", ">"));
      return text;
    }
  }
}
