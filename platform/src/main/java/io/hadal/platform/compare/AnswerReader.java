package io.hadal.platform.compare;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Reads answers of Chat Completions, Completions, Messages and Responses, whole ones and streams,
 * which say by themselves what they are. Of several choices it reads the first.
 */
public final class AnswerReader {
  private static final int MOST_CALLS = 256;

  private final StringBuilder text = new StringBuilder();
  private final Map<Integer, Part> calls = new TreeMap<>();
  private @Nullable String finish;
  private boolean declined;
  private boolean failed;
  private boolean any;
  private long input;
  private long cached;
  private long output;

  private static final class Part {
    private final StringBuilder name = new StringBuilder();
    private final StringBuilder arguments = new StringBuilder();
  }

  private AnswerReader() {}

  /** The answer; null when it is an error, or nothing that is known here. */
  public static @Nullable AnswerFacts read(byte[] body) {
    AnswerReader reader = new AnswerReader();
    int start = 0;
    while (start < body.length && body[start] <= ' ' && body[start] >= 0) {
      start++;
    }
    if (start < body.length && body[start] == '{') {
      reader.whole(json(body));
    } else {
      reader.stream(new String(body, StandardCharsets.UTF_8));
    }
    return reader.any && !reader.failed ? reader.facts() : null;
  }

  private static @Nullable JsonNode json(byte[] bytes) {
    try {
      return Json.parse(bytes, "answer");
    } catch (FormatException e) {
      return null;
    }
  }

  private AnswerFacts facts() {
    List<AnswerFacts.Call> list = new ArrayList<>();
    calls.values().stream()
        .filter(p -> !p.name.isEmpty())
        .forEach(p -> list.add(new AnswerFacts.Call(p.name.toString(), p.arguments.toString())));
    return new AnswerFacts(
        text.toString(), list, word(finish, !list.isEmpty()), declined, input, cached, output);
  }

  private static @Nullable String word(@Nullable String finish, boolean calls) {
    return finish == null
        ? null
        : switch (finish) {
          case "end_turn", "stop_sequence", "stop" -> "stop";
          case "completed" -> calls ? "tool_calls" : "stop";
          case "max_tokens", "incomplete", "length", "model_context_window_exceeded" -> "length";
          case "tool_use", "function_call", "tool_calls" -> "tool_calls";
          case "content_filter", "refusal" -> "refusal";
          default -> finish;
        };
  }

  private void ended(JsonNode reason) {
    if (reason.isString()) {
      finish = reason.stringValue();
      declined |= finish.equals("refusal") || finish.equals("content_filter");
    }
  }

  private Part call(int index) {
    return calls.size() >= MOST_CALLS ? new Part() : calls.computeIfAbsent(index, i -> new Part());
  }

  private void whole(@Nullable JsonNode json) {
    if (json == null || json.path("error").isObject() || json.path("error").isString()) {
      failed = true;
    } else if (json.path("choices").isArray()) {
      any = true;
      JsonNode choice = json.path("choices").path(0);
      message(choice.path("message"));
      text.append(choice.path("text").asString(""));
      ended(choice.path("finish_reason"));
      usage(json.path("usage"));
    } else if (json.path("output").isArray()) {
      response(json);
    } else if (json.path("content").isArray()) {
      any = true;
      int index = 0;
      for (JsonNode block : json.path("content")) {
        block(index++, block);
      }
      ended(json.path("stop_reason"));
      usage(json.path("usage"));
    }
  }

  private void message(JsonNode message) {
    text.append(message.path("content").asString(""));
    declined |= !message.path("refusal").asString("").isEmpty();
    int index = 0;
    for (JsonNode call : message.path("tool_calls")) {
      function(call(call.path("index").asInt(index++)), call.path("function"));
    }
    if (message.path("function_call").isObject()) {
      function(call(0), message.path("function_call"));
    }
  }

  private static void function(Part part, JsonNode function) {
    part.name.append(function.path("name").asString(""));
    JsonNode arguments = function.path("arguments");
    part.arguments.append(arguments.isObject() ? arguments.toString() : arguments.asString(""));
  }

  /** A block of Messages, at its beginning or as a whole. */
  private void block(int index, JsonNode block) {
    switch (block.path("type").asString("")) {
      case "text" -> text.append(block.path("text").asString(""));
      case "tool_use" -> {
        Part part = call(index);
        part.name.append(block.path("name").asString(""));
        if (!block.path("input").isEmpty()) {
          part.arguments.append(block.path("input"));
        }
      }
      default -> {}
    }
  }

  private void response(JsonNode response) {
    any = true;
    text.setLength(0);
    calls.clear();
    int index = 0;
    for (JsonNode item : response.path("output")) {
      switch (item.path("type").asString("")) {
        case "message" -> {
          for (JsonNode part : item.path("content")) {
            text.append(part.path("text").asString(""));
            declined |= part.path("type").asString("").equals("refusal");
          }
        }
        case "function_call" -> function(call(index), item);
        default -> {}
      }
      index++;
    }
    ended(response.path("status"));
    failed |= response.path("status").asString("").equals("failed");
    usage(response.path("usage"));
  }

  private void usage(JsonNode usage) {
    if (!usage.isObject()) {
      return;
    }
    input =
        Math.max(input, Math.max(number(usage, "prompt_tokens"), number(usage, "input_tokens")));
    output =
        Math.max(
            output, Math.max(number(usage, "completion_tokens"), number(usage, "output_tokens")));
    long read =
        Math.max(
            Math.max(
                usage.at("/prompt_tokens_details/cached_tokens").asLong(0),
                usage.at("/input_tokens_details/cached_tokens").asLong(0)),
            Math.max(
                number(usage, "prompt_cache_hit_tokens"),
                number(usage, "cache_read_input_tokens")));
    if (usage.has("cache_read_input_tokens")) {
      // Messages counts them beside the prompt.
      input = Math.max(input, number(usage, "input_tokens") + read);
    }
    cached = Math.max(cached, read);
  }

  private static long number(JsonNode usage, String name) {
    return Math.clamp(usage.path(name).asLong(0), 0, 1L << 32);
  }

  private void stream(String body) {
    int from = 0;
    while (from < body.length()) {
      int end = body.indexOf('\n', from);
      end = end < 0 ? body.length() : end;
      if (body.startsWith("data:", from)) {
        String data = body.substring(from + 5, end).strip();
        if (!data.equals("[DONE]") && !data.isEmpty()) {
          JsonNode event = json(data.getBytes(StandardCharsets.UTF_8));
          if (event == null) {
            failed = true;
          } else {
            event(event);
          }
        }
      }
      from = end + 1;
    }
  }

  private void event(JsonNode event) {
    if (event.path("choices").isArray()) {
      any = true;
      for (JsonNode choice : event.path("choices")) {
        if (choice.path("index").asInt(0) == 0) {
          message(choice.path("delta"));
          text.append(choice.path("text").asString(""));
          ended(choice.path("finish_reason"));
        }
      }
      usage(event.path("usage"));
      return;
    }
    String type = event.path("type").asString("");
    switch (type) {
      case "message_start" -> {
        any = true;
        usage(event.at("/message/usage"));
      }
      case "content_block_start" ->
          block(event.path("index").asInt(0), event.path("content_block"));
      case "content_block_delta" -> delta(event.path("index").asInt(0), event.path("delta"));
      case "message_delta" -> {
        ended(event.at("/delta/stop_reason"));
        usage(event.path("usage"));
      }
      case "response.completed", "response.incomplete", "response.failed" ->
          response(event.path("response"));
      default -> failed |= type.equals("error") || event.has("error");
    }
  }

  private void delta(int index, JsonNode delta) {
    switch (delta.path("type").asString("")) {
      case "text_delta" -> text.append(delta.path("text").asString(""));
      case "input_json_delta" ->
          call(index).arguments.append(delta.path("partial_json").asString(""));
      default -> {}
    }
  }
}
