package io.hadal.server.admin;

import io.hadal.chat.Problem;
import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.server.http.Exchange;
import io.hadal.server.http.HttpProblem;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** Reads path, query and body, all of bounded size. */
final class AdminRequest {
  private static final int LONGEST_TARGET = 8192;
  private static final int MOST_PARAMETERS = 64;
  private static final int MOST_SEGMENTS = 16;
  private static final long LONGEST_BODY = 1 << 20;

  /** Bodies that an endpoint reads by itself. */
  private static final Set<String> STREAMS =
      Set.of("text/csv", "application/x-ndjson", "application/octet-stream");

  private AdminRequest() {}

  /** Segments of the path behind the prefix, decoded one by one: an id may have a slash in it. */
  static List<String> path(Exchange exchange, String prefix) {
    String target = exchange.target();
    if (target.length() > LONGEST_TARGET) {
      throw Problem.invalid("url", "is longer than " + LONGEST_TARGET + " characters");
    }
    int query = target.indexOf('?');
    String path = query < 0 ? target : target.substring(0, query);
    if (!path.startsWith(prefix + "/")) {
      throw HttpProblem.unknownUrl(exchange.method(), exchange.path());
    }
    String rest = path.substring(prefix.length() + 1);
    if (rest.endsWith("/")) {
      rest = rest.substring(0, rest.length() - 1);
    }
    String[] parts = rest.split("/", -1);
    if (parts.length > MOST_SEGMENTS) {
      throw HttpProblem.unknownUrl(exchange.method(), exchange.path());
    }
    List<String> segments = new ArrayList<>();
    for (String part : parts) {
      // A plus is a plus in a path.
      segments.add(decoded("path", part.replace("+", "%2B")));
    }
    return segments;
  }

  /** Parameters behind the question mark; none may be there twice. */
  static Map<String, String> query(Exchange exchange) {
    String target = exchange.target();
    int begin = target.indexOf('?');
    Map<String, String> query = new LinkedHashMap<>();
    if (begin < 0) {
      return query;
    }
    for (String part : target.substring(begin + 1).split("&")) {
      if (part.isEmpty()) {
        continue;
      }
      int equals = part.indexOf('=');
      String name = decoded("query", equals < 0 ? part : part.substring(0, equals));
      String value = equals < 0 ? "" : decoded(name, part.substring(equals + 1));
      if (query.put(name, value) != null) {
        // Two readers could take different ones: that of the permission and that of the answer.
        throw Problem.invalid(name, "is there twice");
      }
      if (query.size() > MOST_PARAMETERS) {
        throw Problem.invalid("query", "has more than " + MOST_PARAMETERS + " parameters");
      }
    }
    return query;
  }

  private static String decoded(String name, String text) {
    String decoded;
    try {
      decoded = URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw Problem.invalid(name, "has a damaged percent sign");
    }
    // PostgreSQL has no NUL in texts, and no id has control characters.
    if (decoded.chars().anyMatch(Character::isISOControl) || decoded.indexOf('\uFFFD') >= 0) {
      throw Problem.invalid(name, "has characters that may not be there");
    }
    return decoded;
  }

  /** The body; an empty object without one. */
  static JsonNode body(Exchange exchange) throws IOException {
    if (exchange.method().equals("GET")) {
      return JsonNodeFactory.instance.objectNode();
    }
    String type = exchange.header("content-type");
    String media = type == null ? "" : type.toLowerCase(Locale.ROOT).split(";", 2)[0].strip();
    if (STREAMS.contains(media)) {
      return JsonNodeFactory.instance.objectNode();
    }
    byte[] bytes = exchange.body(LONGEST_BODY);
    if (bytes == null) {
      throw HttpProblem.tooLarge(LONGEST_BODY);
    }
    if (bytes.length == 0) {
      return JsonNodeFactory.instance.objectNode();
    }
    // Forms of other sites cannot send this type.
    if (!media.equals("application/json")) {
      throw HttpProblem.unsupportedMedia("content-type must be application/json");
    }
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
      JsonNode json = Json.parse(bytes, "body");
      if (!json.isObject()) {
        throw Problem.invalid("body", "must be an object");
      }
      requireTexts(json);
      return json;
    } catch (CharacterCodingException e) {
      throw HttpProblem.invalidJson("not UTF-8");
    } catch (FormatException e) {
      throw HttpProblem.invalidJson(String.valueOf(e.getMessage()).replaceFirst("^body: ", ""));
    }
  }

  /** PostgreSQL has neither NUL nor halves of surrogate pairs in texts. */
  private static void requireTexts(JsonNode json) {
    for (String name : json.propertyNames()) {
      requireText(name);
    }
    for (JsonNode value : json) {
      if (value.isString()) {
        requireText(value.stringValue());
      }
      requireTexts(value);
    }
  }

  private static void requireText(String text) {
    if (text.indexOf('\0') >= 0) {
      throw Problem.invalid("body", "has a text with a NUL character");
    }
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
      throw Problem.invalid("body", "has a text with half a character");
    }
  }
}
