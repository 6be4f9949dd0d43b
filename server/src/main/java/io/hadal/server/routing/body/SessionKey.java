package io.hadal.server.routing.body;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.server.wire.JsonMembers;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Function;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What keeps the turns of a conversation together (api.md 11.6). A pure function of the request, so
 * that all gateways choose alike; it decides where a prompt may be cached, never who somebody is.
 *
 * @param value the key
 * @param given whether the client named its session; null text when only the prompt speaks
 */
public record SessionKey(long value, @Nullable String given) {
  private static final List<String> HEADERS =
      List.of("session-id", "thread-id", "x-session-affinity", "x-session-id");

  private static final int MOST_HASHED = 16 << 10;

  /**
   * Key of a request.
   *
   * @param scope what prompts are cached for, such as a project
   * @param header headers of the request, null for those that are absent
   */
  public static SessionKey of(
      RequestView request, String scope, Function<String, @Nullable String> header) {
    String given = given(request, header);
    CRC32C crc = new CRC32C();
    crc.update(scope.getBytes(StandardCharsets.UTF_8));
    long high = crc.getValue();
    crc.update(0);
    if (given != null) {
      crc.update(given.getBytes(StandardCharsets.UTF_8));
    } else {
      new Prefix(request.body(), crc).of(request.members());
    }
    return new SessionKey(high << 32 | crc.getValue(), given);
  }

  private static @Nullable String given(
      RequestView request, Function<String, @Nullable String> header) {
    String key = request.members().text("prompt_cache_key");
    if (key != null && !key.isEmpty()) {
      return key;
    }
    key = header.apply("x-claude-code-session-id");
    if (key != null) {
      return key;
    }
    key = ofUser(request.members());
    if (key != null) {
      return key;
    }
    for (String name : HEADERS) {
      key = header.apply(name);
      if (key != null) {
        return key;
      }
    }
    return null;
  }

  /** Claude Code puts JSON into a text. */
  private static @Nullable String ofUser(JsonMembers members) {
    JsonMembers metadata = members.object("metadata");
    String user = metadata == null ? null : metadata.text("user_id");
    if (user == null || !user.startsWith("{")) {
      return null;
    }
    try {
      JsonNode json = Json.parse(user.getBytes(StandardCharsets.UTF_8), "user_id");
      JsonNode session = json.get("session_id");
      return session != null && session.isString() ? session.stringValue() : null;
    } catch (FormatException e) {
      return null;
    }
  }

  /**
   * Hash of what the turns of a conversation begin with: system texts and the first message of the
   * user.
   */
  private static final class Prefix {
    private final byte[] body;
    private final CRC32C crc;
    private int left = MOST_HASHED;

    Prefix(byte[] body, CRC32C crc) {
      this.body = body;
      this.crc = crc;
    }

    void of(JsonMembers members) {
      for (String name : List.of("instructions", "system", "prompt")) {
        JsonMembers.Member member = members.find(name);
        if (member != null) {
          texts(member.start(), member.end());
        }
      }
      JsonMembers.Member messages = members.find(members.has("messages") ? "messages" : "input");
      if (messages == null) {
        return;
      }
      List<int[]> all = JsonMembers.elements(body, messages.start(), messages.end(), 64);
      if (all == null) {
        texts(messages.start(), messages.end());
        return;
      }
      for (int[] place : all) {
        JsonMembers message = JsonMembers.of(body, place[0], place[1]);
        JsonMembers.Member content = message == null ? null : message.find("content");
        if (message == null || content == null) {
          continue;
        }
        texts(content.start(), content.end());
        String role = message.text("role");
        if (!"system".equals(role) && !"developer".equals(role)) {
          return;
        }
      }
    }

    private void texts(int from, int to) {
      MessageTexts.each(body, from, to, this::hash);
    }

    private void hash(int from, int to) {
      int length = Math.min(to - from, left);
      crc.update(body, from, length);
      left -= length;
    }
  }
}
