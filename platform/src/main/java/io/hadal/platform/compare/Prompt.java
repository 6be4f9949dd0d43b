package io.hadal.platform.compare;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.platform.audit.BoundedLines;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A request of Chat Completions that two versions shall answer.
 *
 * @param number place in its set, from 1
 * @param body the request without a model, to be answered in one piece
 */
public record Prompt(int number, ObjectNode body) {
  /** Most requests of a set. */
  public static final int MOST = 10_000;

  private static final int MOST_LINE = 4 << 20;

  /**
   * A request, or one of a batch, {@code {"body": {...}}}.
   *
   * @param source name for messages
   * @throws FormatException when it has no messages
   */
  public static Prompt of(int number, JsonNode json, String source) {
    JsonNode inner = json.path("body").isObject() ? json.path("body") : json;
    if (!(inner instanceof ObjectNode object) || !object.path("messages").isArray()) {
      throw new FormatException(source, "must be an object with messages, as for a chat");
    }
    ObjectNode body = object.deepCopy();
    body.remove(List.of("model", "stream", "stream_options", "n", "store", "provider"));
    return new Prompt(number, body);
  }

  /**
   * Reads JSON lines; empty ones are passed over.
   *
   * @throws FormatException when a line is no request, or there are none or too many
   */
  public static List<Prompt> read(Path file) throws IOException {
    List<Prompt> prompts = new ArrayList<>();
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
      BoundedLines lines = new BoundedLines(in, file.toString(), MOST_LINE);
      for (String line = lines.next(); line != null; line = lines.next()) {
        if (line.isBlank()) {
          continue;
        }
        String source = lines.source();
        if (prompts.size() == MOST) {
          throw new FormatException(source, "a set may have " + MOST + " requests at most");
        }
        JsonNode json = Json.parse(line.getBytes(StandardCharsets.UTF_8), source);
        prompts.add(of(prompts.size() + 1, json, source));
      }
    }
    if (prompts.isEmpty()) {
      throw new FormatException(file.toString(), "has no requests");
    }
    return prompts;
  }

  /** Without the content. */
  @Override
  public String toString() {
    return "Prompt[" + number + "]";
  }
}
