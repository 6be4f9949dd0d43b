package io.hadal.train.ablation;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.model.config.ConfigReader;
import io.hadal.train.TrainConfig;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Variants to compare.
 *
 * @param baseline arm that every other one is compared with
 * @param arms in the order they are run
 */
public record AblationPlan(String baseline, List<Arm> arms) {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._]{0,39}");
  private static final Set<String> KEYS = Set.of("description", "config", "baseline", "arms");
  private static final Set<String> ARM_KEYS = Set.of("description", "against", "changes");

  /**
   * One variant.
   *
   * @param description what it differs in
   * @param against further arm to compare with, null for the baseline alone
   * @param config training configuration without the seed
   */
  public record Arm(String name, String description, @Nullable String against, ObjectNode config) {

    /** What is trained with a seed. */
    TrainConfig config(long seed) {
      ObjectNode seeded = config.deepCopy().put("seed", seed);
      return TrainConfig.parse(seeded, "arm " + name);
    }
  }

  public AblationPlan {
    arms = List.copyOf(arms);
  }

  /** The plan that comes with Hadal, as text. */
  public static byte[] standard() {
    try (InputStream in = AblationPlan.class.getResourceAsStream("arms.json")) {
      if (in == null) {
        throw new IllegalStateException("arms.json is missing from the build");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Reads a plan: {@code config} is a training configuration, and each of {@code arms} has {@code
   * changes} to it as a JSON merge patch, a {@code description} and perhaps an arm that it is
   * compared {@code against} beside the {@code baseline}.
   *
   * @param vocabulary model keys that follow from the data, used where the plan leaves them out
   * @throws FormatException naming the arm or key that is wrong
   */
  public static AblationPlan parse(byte[] utf8, String source, ObjectNode vocabulary) {
    JsonNode root = Json.parse(utf8, source);
    if (!root.path("config").path("model").isObject() || !root.path("arms").isObject()) {
      throw new FormatException(
          source, "needs \"config\" with a \"model\", and an object of \"arms\"");
    }
    refuseUnknown(root, KEYS, source);
    ObjectNode base = (ObjectNode) root.path("config").deepCopy();
    base.set("model", MergePatch.apply(vocabulary, base.path("model")));
    Map<String, Arm> arms = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> e : root.path("arms").properties()) {
      Arm arm = arm(e.getKey(), e.getValue(), base, source);
      arms.put(arm.name(), arm);
    }
    if (arms.isEmpty()) {
      throw new FormatException(source, "arms: there is none");
    }
    String baseline = root.path("baseline").asString("");
    if (!arms.containsKey(baseline)) {
      throw new FormatException(source, "baseline: '" + baseline + "' is none of the arms");
    }
    for (Arm arm : arms.values()) {
      if (arm.against() != null && !arms.containsKey(arm.against())) {
        throw new FormatException(
            source, "arm " + arm.name() + ": against '" + arm.against() + "' is none of the arms");
      }
    }
    return new AblationPlan(baseline, List.copyOf(arms.values()));
  }

  private static Arm arm(String name, JsonNode node, ObjectNode base, String source) {
    if (!NAME.matcher(name).matches()) {
      throw new FormatException(
          source, "arm '" + name + "': a name has up to 40 letters, digits, dots and underscores");
    }
    String where = source + ", arm " + name;
    if (!node.isObject() || !node.path("description").isString()) {
      throw new FormatException(where, "needs a \"description\"");
    }
    refuseUnknown(node, ARM_KEYS, where);
    JsonNode changes = node.path("changes");
    if (!changes.isMissingNode() && !changes.isObject()) {
      throw new FormatException(where, "\"changes\" must be an object");
    }
    if (changes.has("seed") || base.has("seed")) {
      throw new FormatException(where, "seed: seeds are given by --seeds");
    }
    JsonNode config = changes.isMissingNode() ? base : MergePatch.apply(base, changes);
    // Completed with defaults: a change of these shows as well.
    TrainConfig parsed = TrainConfig.parse(config, where);
    ConfigReader.parse(parsed.model(), where);
    JsonNode against = node.path("against");
    return new Arm(
        name,
        node.path("description").asString(),
        against.isString() ? against.asString() : null,
        parsed.toJson());
  }

  private static void refuseUnknown(JsonNode node, Set<String> known, String source) {
    for (Map.Entry<String, JsonNode> e : node.properties()) {
      if (!known.contains(e.getKey())) {
        throw new FormatException(source, "unknown key " + e.getKey());
      }
    }
  }

  /**
   * Checks names of arms.
   *
   * @param source name for error messages
   * @throws FormatException when there is no arm of a name
   */
  public void require(List<String> names, String source) {
    for (String name : names) {
      if (!armNames().contains(name)) {
        throw new FormatException(
            source, "there is no arm " + name + "; arms: " + String.join(", ", armNames()));
      }
    }
  }

  private List<String> armNames() {
    return arms.stream().map(Arm::name).toList();
  }
}
