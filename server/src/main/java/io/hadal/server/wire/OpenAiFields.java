package io.hadal.server.wire;

import io.hadal.chat.ChatRequest;
import io.hadal.chat.Efforts;
import io.hadal.chat.Problem;
import io.hadal.chat.Sampling;
import io.hadal.chat.TokenInfo;
import io.hadal.chat.ToolChoice;
import io.hadal.chat.Usage;
import io.hadal.engine.serving.PriorityClass;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Fields that the OpenAI-like APIs have in common. */
public final class OpenAiFields {
  /** What stands for a probability that is not known. */
  private static final double UNKNOWN = -9999.0;

  private OpenAiFields() {}

  static Sampling sampling(Fields body) {
    Map<Integer, Float> bias = new HashMap<>();
    Fields given = body.object("logit_bias");
    if (given != null) {
      for (Map.Entry<String, JsonNode> entry : given.json().properties()) {
        String at = given.at(entry.getKey());
        if (!entry.getKey().matches("[0-9]{1,9}")) {
          throw Problem.invalid(at, "must have a token id as its name");
        }
        Double value = given.number(entry.getKey(), -100, 100);
        if (value != null) {
          bias.put(Integer.parseInt(entry.getKey()), value.floatValue());
        }
      }
    }
    return new Sampling(
        body.number("temperature", 0, 2),
        topP(body),
        body.integer("top_k", 0, Integer.MAX_VALUE),
        body.number("min_p", 0, 1),
        repetition(body),
        body.number("presence_penalty", -2, 2),
        body.number("frequency_penalty", -2, 2),
        body.longNumber("seed"),
        bias);
  }

  /** Zero is what some clients send for "the least"; the engine wants more than nothing. */
  static @Nullable Double topP(Fields body) {
    Double value = body.number("top_p", 0, 1);
    return value == null ? null : Math.max(value, 1e-9);
  }

  private static @Nullable Double repetition(Fields body) {
    Double value = body.number("repetition_penalty", 0, 100);
    if (value != null && value == 0) {
      throw Problem.invalid("repetition_penalty", "must be above 0");
    }
    return value;
  }

  /** Thinking and effort in all spellings of Chat Completions. */
  static void reasoning(Fields body, ChatRequest request) {
    Boolean thinking = null;
    String effort = null;
    Fields template = body.object("chat_template_kwargs");
    if (template != null) {
      for (String name : new String[] {"thinking", "enable_thinking"}) {
        if (template.has(name)) {
          thinking = template.bool(name, false);
        }
      }
      effort = template.string("reasoning_effort");
    }
    Fields router = body.object("reasoning");
    if (router != null) {
      effort = router.string("effort", effort == null ? "" : effort);
      effort = effort.isEmpty() ? null : effort;
      if (router.has("enabled")) {
        thinking = router.bool("enabled", true);
      }
      request.thinkingBudget(router.integer("max_tokens", 0, Integer.MAX_VALUE, 0));
    }
    String given = body.string("reasoning_effort");
    if (given != null) {
      effort = given;
    }
    if (effort != null) {
      thinking = !Efforts.isNone(effort);
      effort = thinking ? Efforts.level(effort, "reasoning_effort") : null;
    }
    Fields switched = body.object("thinking");
    if (switched != null) {
      thinking = thinkingType(switched);
    }
    request.thinking(thinking).effort(effort);
  }

  /** The switch of DeepSeek and Anthropic. */
  static boolean thinkingType(Fields thinking) {
    String type = thinking.required("type");
    return switch (type) {
      case "enabled", "adaptive", "between_tools" -> true;
      case "disabled" -> false;
      default ->
          throw Problem.invalid(
              thinking.at("type"), "must be enabled, disabled or adaptive, not " + type);
    };
  }

  static ToolChoice toolChoice(Fields body, boolean tools) {
    String field = "tool_choice";
    JsonNode node = body.node(field);
    if (node == null) {
      field = "function_call";
      Fields old = null;
      JsonNode function = body.node("function_call");
      if (function != null && function.isObject()) {
        old = Fields.of(function, field);
        return new ToolChoice.Named(old.required("name"));
      }
      node = function;
    }
    if (node == null) {
      return ToolChoice.AUTO;
    }
    if (node.isObject()) {
      Fields choice = Fields.of(node, "tool_choice");
      String type = choice.string("type", "function");
      if (type.equals("allowed_tools")) {
        return "required".equals(choice.string("mode")) ? ToolChoice.REQUIRED : ToolChoice.AUTO;
      }
      Fields inner = choice.object(type);
      return new ToolChoice.Named((inner == null ? choice : inner).required("name"));
    }
    return switch (node.isString() ? node.stringValue() : "") {
      case "none" -> ToolChoice.NONE;
      case "auto" -> ToolChoice.AUTO;
      case "required", "any" -> {
        if (!tools) {
          throw Problem.invalid(field, "needs tools");
        }
        yield ToolChoice.REQUIRED;
      }
      default ->
          throw Problem.invalid(
              field, "must be none, auto, required or an object that names a tool");
    };
  }

  static ObjectNode usage(Usage usage) {
    ObjectNode json =
        WireJson.object()
            .put("prompt_tokens", usage.input())
            .put("completion_tokens", usage.output())
            .put("total_tokens", usage.total());
    json.putObject("prompt_tokens_details")
        .put("cached_tokens", usage.cacheRead())
        .put("cache_write_tokens", usage.cacheWrite());
    json.putObject("completion_tokens_details").put("reasoning_tokens", usage.outputReasoning());
    return json.put("prompt_cache_hit_tokens", usage.cacheRead())
        .put("prompt_cache_miss_tokens", usage.input() - usage.cacheRead());
  }

  /** Entries of {@code logprobs.content}. */
  static ArrayNode logprobs(List<TokenInfo> tokens) {
    ArrayNode list = WireJson.array();
    for (TokenInfo token : tokens) {
      ObjectNode entry = list.addObject();
      entry(entry, token.bytes(), token.logprob());
      ArrayNode top = entry.putArray("top_logprobs");
      for (TokenInfo.Alternative other : token.top()) {
        entry(top.addObject(), other.bytes(), other.logprob());
      }
    }
    return list;
  }

  private static void entry(ObjectNode entry, byte[] bytes, double logprob) {
    entry.put("token", tokenText(bytes)).put("logprob", finite(logprob));
    ArrayNode raw = entry.putArray("bytes");
    for (byte b : bytes) {
      raw.add(b & 0xFF);
    }
  }

  static double finite(double logprob) {
    return logprob < UNKNOWN || Double.isNaN(logprob) ? UNKNOWN : logprob;
  }

  /** Text of a token; bytes that are no text as {@code \xNN}. */
  static String tokenText(byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      StringBuilder text = new StringBuilder();
      for (byte b : bytes) {
        if (b >= 0x20 && b < 0x7F) {
          text.append((char) b);
        } else {
          text.append(String.format("\\x%02x", b & 0xFF));
        }
      }
      return text.toString();
    }
  }

  /** The class that a service tier asks for; null for that of the request. */
  public static @Nullable PriorityClass priority(@Nullable String tier) {
    return switch (tier == null ? "" : tier) {
      case "flex" -> PriorityClass.BATCH;
      case "priority" -> PriorityClass.INTERACTIVE;
      default -> null;
    };
  }
}
