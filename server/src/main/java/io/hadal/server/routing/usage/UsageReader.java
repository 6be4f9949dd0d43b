package io.hadal.server.routing.usage;

import io.hadal.formats.WipedBuffers;
import io.hadal.platform.usage.Quantities;
import io.hadal.server.routing.body.TokenEstimate;
import io.hadal.server.routing.config.Operation;
import io.hadal.server.wire.ForeignWords;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads usage, errors and the end out of an answer while it passes (api.md 2.2 and 2.3). Upstreams
 * count cached tokens in two ways: those of OpenAI are part of the prompt's tokens, those of
 * Anthropic are not.
 */
public final class UsageReader {
  private static final JsonMapper JSON =
      JsonMapper.builder(JsonFactory.builder().recyclerPool(new WipedBuffers()).build()).build();

  /** Beyond all contexts. */
  private static final long MOST_TOKENS = 1L << 32;

  private static final int MOST_DEPTH = 64;

  private final Operation operation;
  private long input = -1;
  private long output = -1;
  private long cacheRead;
  private long cacheWrite;
  private long reasoning;
  private long asciiText;
  private long otherText;
  private long asciiReasoning;
  private long otherReasoning;
  private long images;
  private long pieces;
  private @Nullable String finish;
  private @Nullable String id;
  private boolean ended;
  private boolean failed;
  private boolean content;
  private boolean usageChunk;
  private boolean malformed;

  public UsageReader(Operation operation) {
    this.operation = operation;
  }

  /** Reads the data of one event. */
  public void event(byte[] data) {
    content = false;
    usageChunk = false;
    if (data.length == 6 && new String(data, StandardCharsets.US_ASCII).equals("[DONE]")) {
      ended = true;
      return;
    }
    read(data, true);
  }

  /** Reads a whole answer. */
  public void whole(byte[] json) {
    read(json, false);
    ended = !failed && !malformed;
  }

  private void read(byte[] json, boolean streamed) {
    try (JsonParser parser = JSON.createParser(json)) {
      new Walk(parser, streamed).run();
    } catch (JacksonException e) {
      malformed = true;
    }
  }

  /** The last event brought something of the answer, or its end. */
  public boolean content() {
    return content;
  }

  /** The last event held usage and nothing else. */
  public boolean usageChunk() {
    return usageChunk;
  }

  /** The answer is complete. */
  public boolean ended() {
    return ended;
  }

  /** Why the answer ended; null when it has not. */
  public @Nullable String finish() {
    return finish;
  }

  /** The answer's id; null before it has come, and for what is no id. */
  public @Nullable String id() {
    return id;
  }

  /** The upstream told of an error. */
  public boolean failed() {
    return failed;
  }

  /** Something was no JSON. */
  public boolean malformed() {
    return malformed;
  }

  /** The upstream said what the answer took. */
  public boolean known() {
    return switch (operation) {
      case EMBEDDINGS -> input >= 0;
      case IMAGES -> images > 0 || input >= 0;
      default -> input >= 0 && output >= 0;
    };
  }

  /** Whether the answer was cut at its longest length. */
  public boolean cutAtLength() {
    return "length".equals(finish) || "max_tokens".equals(finish) || "incomplete".equals(finish);
  }

  /**
   * What the answer took so far, as far as the upstream has said; the rest by estimate.
   *
   * @param prompt estimated tokens of the prompt
   * @param complete whether the upstream's count of the output is final
   */
  public Quantities quantities(long prompt, boolean complete) {
    long read = cacheRead;
    long write = cacheWrite;
    long uncached;
    if (input < 0) {
      uncached = prompt;
      read = 0;
      write = 0;
    } else if (operation.anthropic()) {
      uncached = input;
    } else {
      read = Math.min(read, input);
      write = Math.min(write, input - read);
      uncached = input - read - write;
    }
    long thought = complete ? reasoning : estimate(true);
    long all = complete && output >= 0 ? output : estimate(false) + estimate(true);
    thought = Math.min(thought, all);
    return new Quantities(uncached, read, write, all - thought, thought, images, 0);
  }

  /** Tokens of the answer so far: by estimate, but at least one for each piece of it. */
  public long produced() {
    return Math.max(estimate(false) + estimate(true), pieces);
  }

  /** What the answer took so far, as far as money has to be there for it. */
  public Quantities soFar(long prompt) {
    Quantities said = quantities(prompt, false);
    return Quantities.tokens(
        said.inputUncached(),
        said.cacheRead(),
        said.cacheWrite(),
        produced() - said.outputReasoning(),
        said.outputReasoning());
  }

  private long estimate(boolean ofReasoning) {
    return ofReasoning
        ? TokenEstimate.tokens(asciiReasoning, otherReasoning)
        : TokenEstimate.tokens(asciiText, otherText);
  }

  /** Walks through one document. */
  private final class Walk {
    private final JsonParser parser;
    private final boolean streamed;

    /** Names of the objects and arrays around. */
    private final @Nullable String[] around = new @Nullable String[MOST_DEPTH];

    private int depth;
    private boolean usage;
    private boolean anyChoice;
    private boolean responsesReasoning;

    Walk(JsonParser parser, boolean streamed) {
      this.parser = parser;
      this.streamed = streamed;
    }

    void run() {
      JsonToken token = parser.nextToken();
      if (token != JsonToken.START_OBJECT) {
        malformed = true;
        return;
      }
      @Nullable String name = null;
      while (token != null) {
        switch (token) {
          case PROPERTY_NAME -> name = parser.currentName();
          case START_OBJECT, START_ARRAY -> {
            if (depth < MOST_DEPTH) {
              around[depth] = name;
            }
            depth++;
            opened(token, name);
            name = token == JsonToken.START_ARRAY ? name : null;
          }
          case END_OBJECT, END_ARRAY -> {
            depth--;
            name = null;
          }
          case VALUE_STRING -> text(name);
          case VALUE_NUMBER_INT -> number(name);
          default -> {}
        }
        token = parser.nextToken();
      }
      usageChunk = streamed && usage && !anyChoice && !content;
    }

    private boolean inside(String name) {
      for (int i = 0; i < Math.min(depth, MOST_DEPTH); i++) {
        if (name.equals(around[i])) {
          return true;
        }
      }
      return false;
    }

    private void opened(JsonToken token, @Nullable String name) {
      if (token != JsonToken.START_OBJECT) {
        return;
      }
      if (depth == 2 && "error".equals(name)) {
        failed = true;
      } else if ("usage".equals(name)) {
        usage = true;
      } else if (inside("choices")) {
        anyChoice = true;
      } else if (!streamed && depth == 3 && operation == Operation.IMAGES && inside("data")) {
        images++;
      }
    }

    private void text(@Nullable String name) {
      if (name == null) {
        return;
      }
      if (depth == 1 && name.equals("type")) {
        type(parser.getString());
        return;
      }
      if (name.equals("id") && id == null && (depth == 1 || (depth == 2 && answer()))) {
        String said = parser.getString();
        id = ForeignWords.isId(said) ? said : null;
        return;
      }
      if (depth == 1 && name.equals("error")) {
        failed = true;
        return;
      }
      boolean ends = name.equals("finish_reason") || name.equals("stop_reason");
      if (ends || (!streamed && depth == 1 && name.equals("status"))) {
        finish = parser.getString();
        content = true;
        return;
      }
      boolean piece =
          streamed
              ? inside("delta") || (name.equals("delta") && depth == 1) || textOfChoice(name)
              : inside("choices") || inside("content") || inside("output");
      if (piece) {
        piece(name);
      }
    }

    /** Whether the object around is what an event says of the whole answer. */
    private boolean answer() {
      return "message".equals(around[1]) || "response".equals(around[1]);
    }

    private boolean textOfChoice(String name) {
      return operation == Operation.COMPLETIONS && name.equals("text") && inside("choices");
    }

    private void piece(String name) {
      switch (name) {
        case "content", "text", "partial_json", "arguments", "delta", "refusal" ->
            count(parser.getString(), responsesReasoning);
        case "reasoning_content", "reasoning", "thinking" -> count(parser.getString(), true);
        case "name" -> content = true;
        default -> {}
      }
    }

    private void count(String text, boolean ofReasoning) {
      content |= !text.isEmpty();
      pieces += text.isEmpty() ? 0 : 1;
      long others = 0;
      for (int i = 0; i < text.length(); i++) {
        others += text.charAt(i) > 0x7f ? 1 : 0;
      }
      if (ofReasoning) {
        asciiReasoning += text.length() - others;
        otherReasoning += others;
      } else {
        asciiText += text.length() - others;
        otherText += others;
      }
    }

    private void type(String type) {
      switch (type) {
        case "error" -> failed = true;
        case "message_stop", "response.completed", "response.incomplete" -> {
          ended = true;
          content = true;
          if (type.equals("response.incomplete")) {
            finish = "incomplete";
          }
        }
        case "response.failed" -> failed = true;
        case "content_block_start" -> content = true;
        default -> responsesReasoning = type.startsWith("response.reasoning");
      }
    }

    private void number(@Nullable String name) {
      if (name == null || !inside("usage")) {
        return;
      }
      long value = count();
      if (value < 0) {
        return;
      }
      switch (name) {
        case "prompt_tokens", "input_tokens" -> input = Math.max(value, zeroOf(input));
        case "completion_tokens", "output_tokens" -> output = Math.max(value, zeroOf(output));
        case "cached_tokens", "prompt_cache_hit_tokens", "cache_read_input_tokens" ->
            cacheRead = Math.max(cacheRead, value);
        case "cache_write_tokens", "cache_creation_input_tokens" ->
            cacheWrite = Math.max(cacheWrite, value);
        case "reasoning_tokens", "thinking_tokens" -> reasoning = Math.max(reasoning, value);
        default -> {}
      }
    }

    private static long zeroOf(long known) {
      return Math.max(0, known);
    }

    /** Counts come from outside: what no request can have is as good as none, -1. */
    private long count() {
      try {
        long value = parser.getLongValue();
        return value > MOST_TOKENS ? -1 : Math.max(-1, value);
      } catch (JacksonException e) {
        return -1;
      }
    }
  }
}
