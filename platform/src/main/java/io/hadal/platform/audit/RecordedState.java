package io.hadal.platform.audit;

import io.hadal.formats.Sha256;
import io.hadal.platform.json.Jcs;
import io.hadal.platform.redaction.SecretDetector;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** A state as it may stand in a record: without secrets, personal values as commitments. */
final class RecordedState {
  private static final String SECRET = "[secret]";
  private static final int MAX_BYTES = 32 << 10;
  private static final int MAX_DEPTH = 100;
  private static final int MAX_NAME = 1000;
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  /** Ends of names whose values are never recorded. */
  private static final Set<String> SECRET_NAMES =
      Set.of(
          "secret",
          "password",
          "passphrase",
          "token",
          "pepper",
          "cookie",
          "csrf",
          "authorization",
          "credential",
          "credentials",
          "mac",
          "private_key",
          "api_key");

  /** Names whose values are personal. */
  private static final Set<String> PERSONAL_NAMES =
      Set.of("email", "e_mail", "phone", "oidc_subject", "address", "ip", "end_user", "full_name");

  private final Map<String, Commitment> commitments;

  /**
   * A recorder.
   *
   * @param commitments receives personal values, by their JSON pointers in the record
   */
  RecordedState(Map<String, Commitment> commitments) {
    this.commitments = commitments;
  }

  /** The state below a pointer; null stays null. */
  JsonNode of(@Nullable JsonNode state, String pointer) {
    if (state == null) {
      return NODES.nullNode();
    }
    JsonNode kept = value(state, pointer, "", 0);
    byte[] bytes = Jcs.bytes(kept);
    if (bytes.length <= MAX_BYTES) {
      return kept;
    }
    commitments.keySet().removeIf(field -> field.startsWith(pointer + "/"));
    ObjectNode digest = NODES.objectNode();
    digest.put("bytes", bytes.length);
    digest.put("sha256", Sha256.hex(bytes));
    return digest;
  }

  /** A text that is personal as a whole, as it stands in the record. */
  JsonNode personal(@Nullable String text, String pointer) {
    if (text == null) {
      return NODES.nullNode();
    }
    Commitment commitment = Commitment.to(name(text));
    commitments.put(pointer, commitment);
    return NODES.stringNode(commitment.text());
  }

  private JsonNode value(JsonNode node, String pointer, String name, int depth) {
    if (node.isNull() || node.isBoolean()) {
      return node;
    }
    String lower = name.toLowerCase(Locale.ROOT);
    String last = lower.substring(lower.lastIndexOf('_') + 1);
    if (depth > MAX_DEPTH
        || node.isPojo()
        || node.isBinary()
        || SECRET_NAMES.contains(lower)
        || SECRET_NAMES.contains(last)
        || lower.endsWith("private_key")
        || lower.endsWith("api_key")) {
      return NODES.stringNode(SECRET);
    }
    if (node.isObject()) {
      ObjectNode kept = NODES.objectNode();
      for (Map.Entry<String, JsonNode> member : node.properties()) {
        String key = whole(member.getKey());
        kept.set(key, value(member.getValue(), pointer + "/" + escape(key), key, depth + 1));
      }
      return kept;
    }
    if (node.isArray()) {
      ArrayNode kept = NODES.arrayNode();
      for (int i = 0; i < node.size(); i++) {
        kept.add(value(node.get(i), pointer + "/" + i, name, depth + 1));
      }
      return kept;
    }
    if (node.isNumber()) {
      return number(node);
    }
    String text = whole(node.asString());
    if (SecretDetector.INSTANCE.holds(text)) {
      return NODES.stringNode(SECRET);
    }
    return PERSONAL_NAMES.contains(lower) ? personal(text, pointer) : NODES.stringNode(text);
  }

  /** Canonical JSON knows doubles only: what they cannot hold becomes text. */
  private static JsonNode number(JsonNode node) {
    if (node.isIntegralNumber()) {
      return node.canConvertToLong() && Math.abs(node.longValue()) <= Jcs.MAX_EXACT
          ? NODES.numberNode(node.longValue())
          : NODES.stringNode(node.asString());
    }
    double value = node.doubleValue();
    return Double.isFinite(value)
        ? NODES.numberNode(value)
        : NODES.stringNode(Double.toString(value));
  }

  static String escape(String name) {
    return name.replace("~", "~0").replace("/", "~1");
  }

  /** A name, not longer than names are. */
  static String name(String text) {
    return whole(text.length() <= MAX_NAME ? text : text.substring(0, MAX_NAME));
  }

  /** The text without halves of surrogate pairs and NUL, which not every database can keep. */
  static String whole(String text) {
    StringBuilder out = null;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean pair =
          Character.isHighSurrogate(c)
              && i + 1 < text.length()
              && Character.isLowSurrogate(text.charAt(i + 1));
      if (pair) {
        i++;
      } else if (Character.isSurrogate(c) || c == 0) {
        if (out == null) {
          out = new StringBuilder(text);
        }
        out.setCharAt(i, '\uFFFD');
      }
    }
    return out == null ? text : out.toString();
  }
}
