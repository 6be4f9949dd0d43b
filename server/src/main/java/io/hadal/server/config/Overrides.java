package io.hadal.server.config;

import io.hadal.formats.FormatException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.MissingNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * Settings that win over those of a file: variables of the environment, and over these the flags of
 * a command. A variable is {@code HADAL__} and the names on the way to a field with two underscores
 * between them, in capitals: {@code HADAL__LISTEN__PORT=9000}. Its value is YAML.
 *
 * @param settings values by the names on the way to them
 * @param origins where they come from, for messages
 */
public record Overrides(Map<List<String>, JsonNode> settings, List<String> origins) {
  /** Nothing but the file. */
  public static final Overrides NONE = new Overrides(Map.of(), List.of());

  private static final String PREFIX = "HADAL__";

  public Overrides {
    settings = new LinkedHashMap<>(settings);
    origins = List.copyOf(origins);
  }

  /**
   * Those of a process.
   *
   * @param environment variables
   * @param flags values by name, such as {@code listen.port}
   * @throws FormatException when a variable names no field or holds no YAML
   */
  public static Overrides of(Map<String, String> environment, Map<String, ?> flags) {
    Map<List<String>, JsonNode> settings = new LinkedHashMap<>();
    Map<String, String> ours = new TreeMap<>(environment);
    ours.keySet().removeIf(name -> !name.startsWith(PREFIX));
    ours.forEach((name, value) -> settings.put(path(name), value(name, value)));
    flags.forEach(
        (name, value) ->
            settings.put(List.of(name.split("\\.")), new YAMLMapper().valueToTree(value)));
    return new Overrides(settings, List.copyOf(ours.keySet()));
  }

  private static List<String> path(String name) {
    List<String> path =
        List.of(name.substring(PREFIX.length()).toLowerCase(Locale.ROOT).split("__", -1));
    if (path.stream().anyMatch(part -> !part.matches("[a-z][a-z0-9]*(_[a-z0-9]+)*"))) {
      throw new FormatException(name, "names no field; it should be like HADAL__LISTEN__PORT");
    }
    return path;
  }

  private static JsonNode value(String name, String text) {
    try {
      JsonNode value = new YAMLMapper().readTree(text);
      return value instanceof MissingNode ? JsonNodeFactory.instance.nullNode() : value;
    } catch (JacksonException e) {
      // Its message could hold the value.
      throw new FormatException(name, "is no YAML", e);
    }
  }

  /**
   * Puts them in place of what a file says.
   *
   * @throws FormatException when a file has something else on the way to a field
   */
  public void applyTo(ObjectNode file, String source) {
    settings.forEach(
        (path, value) -> {
          ObjectNode section = file;
          for (String name : path.subList(0, path.size() - 1)) {
            JsonNode inner = section.get(name);
            if (inner == null || inner.isNull()) {
              inner = section.putObject(name);
            }
            if (!(inner instanceof ObjectNode object)) {
              throw new FormatException(source, String.join(".", path) + " is not in an object");
            }
            section = object;
          }
          section.set(path.getLast(), value);
        });
  }
}
