package io.hadal.platform.privacy;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.platform.tenancy.ProjectPolicy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Policies as JSON, in the database and on the wire. Fields that are not there stay as they are. */
public final class PolicyJson {
  private static final Set<String> FIELDS =
      Set.of(
          "store_prompts",
          "zdr",
          "phi",
          "retention_days",
          "cache_isolation",
          "regions",
          "redaction");
  private static final int MAX_REGIONS = 100;

  private PolicyJson() {}

  /** All fields of a policy. */
  public static ObjectNode write(ProjectPolicy policy) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("store_prompts", policy.storePrompts());
    node.put("zdr", policy.zdr());
    node.put("phi", policy.phi());
    node.put("retention_days", policy.retentionDays());
    node.put("cache_isolation", policy.cacheIsolation());
    policy.regions().forEach(node.putArray("regions")::add);
    node.put("redaction", policy.redaction());
    return node;
  }

  /**
   * The policy of a stored text.
   *
   * @throws FormatException when it is none
   */
  public static ProjectPolicy read(String text, ProjectPolicy otherwise, String source) {
    return change(otherwise, Json.parse(text.getBytes(StandardCharsets.UTF_8), source), source);
  }

  /**
   * A policy with some fields changed.
   *
   * @throws FormatException for unknown fields and values that cannot be
   */
  public static ProjectPolicy change(ProjectPolicy policy, JsonNode fields, String source) {
    if (!fields.isObject()) {
      throw new FormatException(source, "must be an object");
    }
    for (Map.Entry<String, JsonNode> field : fields.properties()) {
      if (!FIELDS.contains(field.getKey())) {
        throw new FormatException(source, "has no field '" + field.getKey() + "'");
      }
    }
    return new ProjectPolicy(
        flag(fields, "store_prompts", policy.storePrompts(), source),
        flag(fields, "zdr", policy.zdr(), source),
        flag(fields, "phi", policy.phi(), source),
        days(fields, policy.retentionDays(), source),
        choice(
            fields, "cache_isolation", policy.cacheIsolation(), PolicyRules.ISOLATION, source),
        regions(fields, policy.regions(), source),
        choice(fields, "redaction", policy.redaction(), PolicyRules.REDACTION, source));
  }

  private static boolean flag(JsonNode fields, String name, boolean otherwise, String source) {
    JsonNode value = fields.get(name);
    if (value == null) {
      return otherwise;
    }
    if (!value.isBoolean()) {
      throw new FormatException(source, name + " must be true or false");
    }
    return value.booleanValue();
  }

  private static int days(JsonNode fields, int otherwise, String source) {
    JsonNode value = fields.get("retention_days");
    if (value == null) {
      return otherwise;
    }
    if (!value.isIntegralNumber()
        || !value.canConvertToInt()
        || value.intValue() < 0
        || value.intValue() > 36_500) {
      throw new FormatException(source, "retention_days must be a whole number from 0 to 36500");
    }
    return value.intValue();
  }

  private static String choice(
      JsonNode fields, String name, String otherwise, List<String> choices, String source) {
    JsonNode value = fields.get(name);
    if (value == null) {
      return otherwise;
    }
    if (!value.isString() || !choices.contains(value.stringValue())) {
      throw new FormatException(source, name + " must be one of " + String.join(", ", choices));
    }
    return value.stringValue();
  }

  private static List<String> regions(JsonNode fields, List<String> otherwise, String source) {
    JsonNode value = fields.get("regions");
    if (value == null) {
      return otherwise;
    }
    List<String> regions = new ArrayList<>();
    for (JsonNode region : value) {
      if (!region.isString() || !region.stringValue().matches("[A-Za-z0-9._-]{1,64}")) {
        throw new FormatException(source, "regions must be short names");
      }
      regions.add(region.stringValue());
    }
    if (!value.isArray() || regions.size() > MAX_REGIONS) {
      throw new FormatException(source, "regions must be a list of at most " + MAX_REGIONS);
    }
    return regions;
  }
}
