package io.hadal.platform.registry;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.formats.Sha256;
import io.hadal.platform.json.Jcs;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a version is made of. Two versions with equal manifests are the same model.
 *
 * @param text canonical JSON (RFC 8785)
 * @param sha256 hash of that text, hexadecimal
 * @param fingerprint short hash of what affects the output
 * @param kind {@code local} or {@code routed}
 * @param family name of the model without a version
 * @param backends names of what runs it, in the operator's order; {@code local} for this process
 * @param upstreamModel the model's name there; empty for a local one
 */
public record Manifest(
    String text,
    String sha256,
    String fingerprint,
    String kind,
    String family,
    List<String> backends,
    String upstreamModel) {
  private static final int MOST_CHARACTERS = 4 << 20;

  /** Fields that say something about a model and change nothing about its answers. */
  private static final Set<String> DESCRIPTIVE =
      Set.of("family", "display_name", "description", "owned_by", "prices", "backends", "slo");

  public Manifest {
    backends = List.copyOf(backends);
  }

  /**
   * Checks a manifest and brings it to its canonical form.
   *
   * @param source name for messages
   * @throws FormatException when a field is missing, unknown or of the wrong kind
   */
  public static Manifest of(JsonNode json, String source) {
    if (!json.isObject()) {
      throw new FormatException(source, "must be an object");
    }
    String kind = text(json, "kind", source);
    String family = text(json, "family", source);
    VersionName.checkFamily(family, source);
    switch (kind) {
      case "local" -> {
        JsonNode weights = json.path("weights");
        if (!weights.isArray() || weights.isEmpty()) {
          throw new FormatException(
              source,
              "weights must list files; give `hadal model add` the checkpoint to have it made");
        }
        weights.forEach(file -> checkFile(file, source));
        text(json.path("engine"), "version", source + ": engine");
      }
      case "routed" -> {
        text(json, "upstream_model", source);
        if (strings(json, "backends", source).isEmpty()) {
          throw new FormatException(source, "backends must list at least one upstream: [NAME]");
        }
      }
      default -> throw new FormatException(source, "kind must be local or routed, not " + kind);
    }
    ManifestFields.check(json, kind, source);
    ManifestPrices.read(json, source);
    Slo.of(json, source);
    JsonNode context = json.path("context");
    if (!context.isMissingNode() && (!context.isInt() || context.intValue() < 1)) {
      throw new FormatException(
          source, "context must be a whole number of tokens from 1 to 2147483647");
    }
    String canonical;
    try {
      canonical = Jcs.text(json);
    } catch (IllegalArgumentException e) {
      throw new FormatException(source, "has " + e.getMessage(), e);
    }
    if (canonical.length() > MOST_CHARACTERS) {
      throw new FormatException(source, "is longer than " + MOST_CHARACTERS + " characters");
    }
    ObjectNode effective = ((ObjectNode) json).deepCopy();
    DESCRIPTIVE.forEach(effective::remove);
    return new Manifest(
        canonical,
        Sha256.hex(canonical),
        "fp_" + Sha256.hex(Jcs.text(effective)).substring(0, 12),
        kind,
        family,
        backends(json),
        upstreamModel(json));
  }

  /** What the version promises about its speed; null for nothing. */
  public @Nullable Slo slo() {
    // Long manifests are not parsed for nothing.
    return text.contains("\"slo\"") ? Slo.of(json(), "manifest") : null;
  }

  /** Whether its weights run here or on engine nodes, and not at an upstream. */
  public boolean isLocal() {
    return kind.equals("local");
  }

  static String upstreamModel(JsonNode json) {
    return json.path("upstream_model").asString("");
  }

  static List<String> backends(JsonNode json) {
    return "local".equals(json.path("kind").asString(""))
        ? List.of("local")
        : strings(json, "backends", "manifest");
  }

  private static void checkFile(JsonNode file, String source) {
    text(file, "file", source + ": weights");
    checkHash(text(file, "sha256", source + ": weights"), "sha256", source);
    if (file.has("sample_sha256")) {
      checkHash(text(file, "sample_sha256", source + ": weights"), "sample_sha256", source);
    }
    JsonNode bytes = file.path("bytes");
    if (!bytes.isMissingNode() && (!bytes.canConvertToExactIntegral() || bytes.asLong(-1) < 0)) {
      throw new FormatException(source, "weights: bytes must be a whole number");
    }
  }

  private static void checkHash(String hash, String field, String source) {
    if (!hash.matches("[0-9a-f]{64}")) {
      throw new FormatException(source, "weights: " + field + " must be 64 hexadecimal digits");
    }
  }

  private static String text(JsonNode json, String field, String source) {
    JsonNode value = json.path(field);
    if (!value.isString() || value.stringValue().isBlank()) {
      throw new FormatException(source, field + " must be a text");
    }
    return value.stringValue();
  }

  private static List<String> strings(JsonNode json, String field, String source) {
    List<String> list = new ArrayList<>();
    for (JsonNode item : json.path(field)) {
      if (!item.isString() || item.stringValue().isBlank()) {
        throw new FormatException(source, field + " must be a list of texts");
      }
      list.add(item.stringValue());
    }
    return list;
  }

  /** The fields. */
  public JsonNode json() {
    return Json.parse(text.getBytes(StandardCharsets.UTF_8), "manifest");
  }
}
