package io.hadal.platform.registry;

import io.hadal.formats.FormatException;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/**
 * Fields that manifests may have. One with a slip in its name would be kept and mean nothing, and
 * nobody would see that a price or a context is missing.
 */
final class ManifestFields {
  private static final Set<String> COMMON =
      Set.of(
          "schema",
          "kind",
          "family",
          "display_name",
          "description",
          "owned_by",
          "context",
          "prices",
          "slo",
          "sampling",
          "thinking",
          "effort");

  private static final Set<String> LOCAL =
      and("weights", "config", "tokenizer", "chat_template", "parser", "quantisation", "engine");

  private static final Set<String> ROUTED =
      and("upstream_model", "backends", "provider", "adapter");

  private static final Set<String> FILE = Set.of("file", "bytes", "sha256");

  /** Fields of objects inside; of those that are not here, any may be there. */
  private static final Map<String, Set<String>> INSIDE =
      Map.of(
          "slo", Set.of("ttft_ms", "ttft_ms_per_1k", "tpot_ms", "percent"),
          "engine", Set.of("name", "version", "mode"),
          "parser", Set.of("id", "version"),
          "weights", FILE,
          "config", FILE,
          "tokenizer", FILE,
          "chat_template", FILE);

  private ManifestFields() {}

  private static Set<String> and(String... more) {
    Set<String> all = new HashSet<>(COMMON);
    all.addAll(Set.of(more));
    return all;
  }

  /**
   * Looks for fields that are none.
   *
   * @param kind {@code local} or {@code routed}
   * @throws FormatException when there is one; it is named
   */
  static void check(JsonNode json, String kind, String source) {
    check(json, kind.equals("local") ? LOCAL : ROUTED, "", source);
    INSIDE.forEach(
        (name, known) -> {
          JsonNode value = json.path(name);
          if (value.isArray()) {
            value.forEach(item -> check(item, known, name + ".", source));
          } else {
            check(value, known, name + ".", source);
          }
        });
  }

  private static void check(JsonNode json, Set<String> known, String path, String source) {
    for (String name : json.propertyNames()) {
      if (!known.contains(name)) {
        throw new FormatException(
            source,
            path
                + (name.matches("[A-Za-z0-9_.-]{1,40}") ? name : "a field")
                + " is unknown; known here: "
                + String.join(", ", new TreeSet<>(known)));
      }
    }
  }
}
