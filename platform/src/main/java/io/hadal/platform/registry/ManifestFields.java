package io.hadal.platform.registry;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
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
          "weights", Set.of("file", "bytes", "sha256", "sample_sha256"),
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
    Json.requireKnown(json, kind.equals("local") ? LOCAL : ROUTED, "", source);
    INSIDE.forEach(
        (name, known) -> {
          JsonNode value = json.path(name);
          if (value.isArray()) {
            value.forEach(item -> Json.requireKnown(item, known, name + ".", source));
          } else {
            Json.requireKnown(value, known, name + ".", source);
          }
        });
  }
}
