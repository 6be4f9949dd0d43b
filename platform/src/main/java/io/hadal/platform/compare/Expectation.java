package io.hadal.platform.compare;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.platform.rollout.Observation.Check;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What a request wants its answer to be like: which tools it offers, and which form it asks for.
 */
public final class Expectation {
  /** What a model writes around its calls; in a text it is a call that nobody could read. */
  private static final List<String> MARKUP =
      List.of(
          "<｜DSML｜",
          "<｜tool▁call",
          "<tool_call>",
          "<|tool_call",
          "<|python_tag|>",
          "[TOOL_CALLS]",
          "<function_calls>",
          "<invoke name=");

  private static final Expectation NOTHING = new Expectation(Map.of(), false, null, false);

  private final Map<String, JsonNode> tools;
  private final boolean mustCall;
  private final @Nullable JsonNode schema;
  private final boolean object;

  private Expectation(
      Map<String, JsonNode> tools, boolean mustCall, @Nullable JsonNode schema, boolean object) {
    this.tools = tools;
    this.mustCall = mustCall;
    this.schema = schema;
    this.object = object;
  }

  /** Of a request of Chat Completions, Messages or Responses; of anything else nothing. */
  public static Expectation of(byte[] request) {
    try {
      return of(Json.parse(request, "body"));
    } catch (FormatException e) {
      return NOTHING;
    }
  }

  /** Of a request that was read. */
  public static Expectation of(JsonNode request) {
    Map<String, JsonNode> tools = new HashMap<>();
    for (JsonNode tool : request.path("tools")) {
      JsonNode function = tool.path("function").isObject() ? tool.path("function") : tool;
      String name = function.path("name").asString("");
      if (!name.isEmpty()) {
        tools.put(
            name,
            function.has("input_schema")
                ? function.path("input_schema")
                : function.path("parameters"));
      }
    }
    for (JsonNode function : request.path("functions")) {
      tools.put(function.path("name").asString(""), function.path("parameters"));
    }
    JsonNode choice = request.path("tool_choice");
    String chosen = choice.isString() ? choice.stringValue() : choice.path("type").asString("");
    boolean mustCall =
        !tools.isEmpty() && List.of("required", "any", "function", "tool").contains(chosen);
    JsonNode format = request.path("response_format");
    for (String path : List.of("/text/format", "/output_config/format", "/output_format")) {
      format = format.isObject() ? format : request.at(path);
    }
    JsonNode schema = format.at("/json_schema/schema");
    schema = schema.isObject() ? schema : format.path("schema");
    String type = format.path("type").asString("");
    return new Expectation(
        tools,
        mustCall,
        type.equals("json_schema") && schema.isObject() ? schema : null,
        type.equals("json_object"));
  }

  /** Whether calls can be read: a tool that was offered, with JSON for its arguments. */
  public Check calls(AnswerFacts answer) {
    if (tools.isEmpty() || "length".equals(answer.finish())) {
      return Check.NONE;
    }
    if (answer.calls().isEmpty()) {
      boolean leaked = MARKUP.stream().anyMatch(answer.text()::contains);
      return leaked || (mustCall && !answer.refused()) ? Check.BAD : Check.NONE;
    }
    for (AnswerFacts.Call call : answer.calls()) {
      JsonNode arguments = arguments(call);
      if (!tools.containsKey(call.name()) || arguments == null || !arguments.isObject()) {
        return Check.BAD;
      }
    }
    return Check.GOOD;
  }

  /** Whether the answer, and the arguments of calls that can be read, follow their schemas. */
  public Check schema(AnswerFacts answer) {
    if ("length".equals(answer.finish()) || answer.refused()) {
      return Check.NONE;
    }
    boolean any = false;
    for (AnswerFacts.Call call : answer.calls()) {
      JsonNode wanted = tools.get(call.name());
      JsonNode arguments = arguments(call);
      if (wanted != null && wanted.isObject() && arguments != null) {
        any = true;
        if (!SchemaCheck.follows(arguments, wanted)) {
          return Check.BAD;
        }
      }
    }
    if ((schema != null || object) && answer.calls().isEmpty()) {
      any = true;
      JsonNode value = parse(answer.text());
      boolean right =
          value != null && (schema == null ? value.isObject() : SchemaCheck.follows(value, schema));
      if (!right) {
        return Check.BAD;
      }
    }
    return any ? Check.GOOD : Check.NONE;
  }

  /** Whether two answers call the same tools with the same arguments, or both none. */
  public static boolean sameCalls(AnswerFacts a, AnswerFacts b) {
    if (a.calls().size() != b.calls().size()) {
      return false;
    }
    for (int i = 0; i < a.calls().size(); i++) {
      AnswerFacts.Call one = a.calls().get(i);
      AnswerFacts.Call two = b.calls().get(i);
      JsonNode left = arguments(one);
      boolean same =
          left == null ? one.arguments().equals(two.arguments()) : left.equals(arguments(two));
      if (!one.name().equals(two.name()) || !same) {
        return false;
      }
    }
    return true;
  }

  /** Arguments as JSON, none at all as an empty object; null when they are no JSON. */
  private static @Nullable JsonNode arguments(AnswerFacts.Call call) {
    return parse(call.arguments().isBlank() ? "{}" : call.arguments());
  }

  private static @Nullable JsonNode parse(String text) {
    try {
      JsonNode value = Json.parse(text.getBytes(StandardCharsets.UTF_8), "answer");
      return value.isMissingNode() ? null : value;
    } catch (FormatException e) {
      return null;
    }
  }
}
