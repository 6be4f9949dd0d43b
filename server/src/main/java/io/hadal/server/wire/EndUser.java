package io.hadal.server.wire;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * For whom a client asks, as far as its request says: limits, costs and caches know only a hash.
 */
public final class EndUser {
  /** Names of the OpenAI dialect, the newest first, and DeepSeek's. */
  private static final List<String> FIELDS = List.of("safety_identifier", "user", "user_id");

  /** What Claude Code says of its account; what else it says is of the session. */
  private static final List<String> ACCOUNT = List.of("account_uuid", "device_id");

  private EndUser() {}

  /** What limits, costs and caches of a project know of an end user. */
  public static String hash(String project, String user) {
    return Digests.hash(project, user.strip());
  }

  /** The end user that a body names; null for none. */
  public static @Nullable String of(byte[] body) {
    JsonMembers members = JsonMembers.of(body);
    if (members == null) {
      return null;
    }
    for (String field : FIELDS) {
      String user = members.text(field);
      if (user != null && !user.isBlank()) {
        return user;
      }
    }
    JsonMembers metadata = members.object("metadata");
    String user = metadata == null ? null : metadata.text("user_id");
    return user == null || user.isBlank() ? null : withoutSession(user);
  }

  /** Claude Code puts its session beside its user; each would be a new user. */
  private static String withoutSession(String user) {
    if (!user.startsWith("{")) {
      return user.replaceFirst("_session_[0-9a-fA-F-]+$", "");
    }
    try {
      JsonNode json = Json.parse(user.getBytes(StandardCharsets.UTF_8), "user_id");
      for (String field : ACCOUNT) {
        JsonNode value = json.get(field);
        if (value != null && value.isString() && !value.stringValue().isBlank()) {
          return value.stringValue();
        }
      }
    } catch (FormatException e) {
      // Some other text with a brace.
    }
    return user;
  }
}
