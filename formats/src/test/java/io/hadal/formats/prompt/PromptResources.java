package io.hadal.formats.prompt;

import io.hadal.formats.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import tools.jackson.databind.JsonNode;

/** Test vectors on the class path. */
final class PromptResources {
  private PromptResources() {}

  static String text(String name) {
    try (InputStream in = PromptResources.class.getResourceAsStream("/prompt/" + name)) {
      return new String(Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static JsonNode json(String name) {
    return Json.parse(text(name).getBytes(StandardCharsets.UTF_8), name);
  }

  static JsonNode parse(String json) {
    return Json.parse(json.getBytes(StandardCharsets.UTF_8), "test");
  }

  static List<Message> messages(String json) {
    return Messages.fromJson(parse(json));
  }

  static List<JsonNode> items(JsonNode array) {
    List<JsonNode> items = new ArrayList<>();
    array.forEach(items::add);
    return items;
  }

  static ThinkingMode mode(JsonNode vector) {
    return vector.get("thinking_mode").stringValue().equals("thinking")
        ? ThinkingMode.THINKING
        : ThinkingMode.CHAT;
  }

  static RenderOptions options(JsonNode input) {
    RenderOptions options = RenderOptions.of(mode(input));
    if (input.has("context")) {
      options = options.withContext(Messages.fromJson(input.get("context")));
    }
    if (input.has("reasoning_effort")) {
      options = options.withEffort(ReasoningEffort.fromJson(input.get("reasoning_effort")));
    }
    if (input.has("drop_thinking")) {
      options = options.withDropThinking(input.get("drop_thinking").booleanValue());
    }
    if (input.has("add_default_bos_token")) {
      options = options.withAddBos(input.get("add_default_bos_token").booleanValue());
    }
    return options;
  }
}
