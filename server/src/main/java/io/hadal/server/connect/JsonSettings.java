package io.hadal.server.connect;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Changes a settings file in JSON; what is not touched stays. */
final class JsonSettings {
  private JsonSettings() {}

  /**
   * @throws FormatException when the file holds anything but one JSON object, comments included
   */
  static FileEdit edit(HomeFolder home, Path file, Consumer<ObjectNode> change) {
    String before = home.content(file);
    ObjectNode settings = parse(file, before);
    ObjectNode changed = settings.deepCopy();
    change.accept(changed);
    String after =
        before != null && changed.equals(settings) ? before : changed.toPrettyString() + "\n";
    return new FileEdit(file, before, after);
  }

  private static ObjectNode parse(Path file, @Nullable String text) {
    if (text == null || text.isBlank()) {
      return JsonNodeFactory.instance.objectNode();
    }
    JsonNode json;
    try {
      json = Json.parse(text.getBytes(StandardCharsets.UTF_8), file.toString());
    } catch (FormatException e) {
      throw new FormatException(
          file.toString(), "is not plain JSON (comments?); leave out --write and edit it", e);
    }
    if (json instanceof ObjectNode object) {
      return object;
    }
    throw new FormatException(file.toString(), "is not a JSON object");
  }

  /** The object of a name, made where it is missing. */
  static ObjectNode child(ObjectNode parent, String name, Path file) {
    JsonNode child = parent.get(name);
    if (child == null || child.isNull()) {
      return parent.putObject(name);
    }
    if (child instanceof ObjectNode object) {
      return object;
    }
    throw new FormatException(file.toString(), name + " is not a JSON object");
  }
}
