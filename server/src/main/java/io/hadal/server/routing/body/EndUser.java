package io.hadal.server.routing.body;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.server.wire.Digests;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Who a client says that its request is for: {@code safety_identifier} or {@code user}, in Messages
 * {@code metadata.user_id}. Limits, budgets and reports know a hash of it only.
 */
public final class EndUser {
  /** Claude Code has put its session behind the user. */
  private static final String SESSION = "_session_";

  /** It puts JSON there, of which these stay the same over sessions; the first one counts. */
  private static final List<String> LASTING = List.of("account_uuid", "device_id", "user_id");

  private EndUser() {}

  /**
   * Hash of the end user of a body; null when it names none.
   *
   * @param tenant users of different tenants never have the same hash
   */
  public static @Nullable String hash(@Nullable JsonMembers body, String tenant) {
    String name = body == null ? null : name(body);
    return name == null || name.isBlank() ? null : Digests.hash(tenant + "/user", name.strip());
  }

  private static @Nullable String name(JsonMembers body) {
    for (String field : List.of("safety_identifier", "user")) {
      String name = body.text(field);
      if (name != null && !name.isBlank()) {
        return name;
      }
    }
    JsonMembers metadata = body.object("metadata");
    String user = metadata == null ? null : metadata.text("user_id");
    if (user == null) {
      return null;
    }
    if (user.startsWith("{")) {
      return ofJson(user);
    }
    int session = user.indexOf(SESSION);
    return session > 0 ? user.substring(0, session) : user;
  }

  private static @Nullable String ofJson(String text) {
    try {
      JsonNode json = Json.parse(text.getBytes(StandardCharsets.UTF_8), "user_id");
      for (String field : LASTING) {
        String value = json.path(field).asString("");
        if (!value.isBlank()) {
          return value;
        }
      }
      return null;
    } catch (FormatException e) {
      return text;
    }
  }
}
