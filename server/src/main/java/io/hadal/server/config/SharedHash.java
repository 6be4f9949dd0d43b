package io.hadal.server.config;

import io.hadal.formats.Sha256;
import io.hadal.platform.json.Jcs;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Tells whether the configurations of two nodes are the same, but for what each node has for
 * itself: where it listens, its model, its name, its folders and where its secrets are.
 */
public final class SharedHash {
  private static final Set<String> OWN = Set.of("listen", "model", "cache", "log", "telemetry");
  private static final Set<String> OWN_PLATFORM =
      Set.of(
          "data",
          "node",
          "engine",
          "database",
          "journal_bytes",
          "pepper",
          "master_key",
          "audit_key",
          "export");

  private SharedHash() {}

  /** SHA-256 in hex of a file that was read. */
  public static String of(ObjectNode file) {
    ObjectNode shared = file.deepCopy();
    shared.remove(OWN);
    if (shared.get("platform") instanceof ObjectNode platform) {
      platform.remove(OWN_PLATFORM);
    }
    tidy(shared);
    try {
      return Sha256.hex(Jcs.bytes(shared));
    } catch (IllegalArgumentException e) {
      // No canonical form, such as an infinite number; readers of the fields say what is wrong.
      return Sha256.hex(shared.toString());
    }
  }

  /** Takes out what says nothing. */
  private static void tidy(ObjectNode json) {
    for (String name : List.copyOf(json.propertyNames())) {
      JsonNode value = json.get(name);
      if (value instanceof ObjectNode inner) {
        tidy(inner);
      }
      if (value.isNull() || (value.isObject() && value.isEmpty())) {
        json.remove(name);
      }
    }
  }
}
