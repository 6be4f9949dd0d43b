package io.hadal.server.admin;

import io.hadal.chat.Problem;
import io.hadal.platform.tenancy.Actor;
import io.hadal.server.http.Exchange;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A request of administration.
 *
 * @param actor who asks
 * @param path values of the names in the path
 * @param query parameters behind the question mark, the last of each name
 * @param body the body; an empty object without one
 * @param exchange for answers that are no JSON; only such handlers use it
 * @param requestId id of the request
 */
public record AdminCall(
    Actor actor,
    Map<String, String> path,
    Map<String, String> query,
    JsonNode body,
    Exchange exchange,
    String requestId) {

  /** A value of the path. */
  public String path(String name) {
    String value = path.get(name);
    if (value == null) {
      throw new IllegalStateException("no " + name + " in the path");
    }
    return value;
  }

  /** A parameter; null when it is not there. */
  public @Nullable String query(String name) {
    return query.get(name);
  }

  /**
   * A field of text that must be there.
   *
   * @throws Problem when it is not
   */
  public String required(String name) {
    String value = text(name);
    if (value == null || value.isBlank()) {
      throw Problem.invalid(name, "is required");
    }
    return value;
  }

  /**
   * A field of text; null when it is not there.
   *
   * @throws Problem when it is something else
   */
  public @Nullable String text(String name) {
    JsonNode value = body.get(name);
    if (value == null || value.isNull()) {
      return null;
    }
    if (!value.isString()) {
      throw Problem.invalid(name, "must be text");
    }
    return value.stringValue();
  }

  /**
   * A field that is a whole number; the fallback when it is not there.
   *
   * @throws Problem when it is something else
   */
  public long number(String name, long least, long most, long fallback) {
    JsonNode value = body.get(name);
    if (value == null || value.isNull()) {
      return fallback;
    }
    if (!value.isIntegralNumber()
        || !value.canConvertToLong()
        || value.longValue() < least
        || value.longValue() > most) {
      throw Problem.invalid(name, "must be a whole number from " + least + " to " + most);
    }
    return value.longValue();
  }
}
