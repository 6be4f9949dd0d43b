package io.hadal.server.config;

import io.hadal.formats.FormatException;
import io.hadal.platform.secrets.Secrets;
import java.math.BigDecimal;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * An object of a configuration file. It knows which fields were asked for, so that all others can
 * be refused: a slip of the pen must not go unnoticed.
 */
public final class Section {
  private final @Nullable JsonNode json;
  private final String path;
  private final String source;
  private final Set<String> known = new TreeSet<>();

  /**
   * An object.
   *
   * @param json null for an object without fields
   * @param path where it is in the file; empty for the file itself
   * @param source name of the file
   * @throws FormatException when it is something else
   */
  public Section(@Nullable JsonNode json, String path, String source) {
    this.json = json;
    this.path = path;
    this.source = source;
    if (json != null && !json.isObject()) {
      throw new FormatException(source, (path.isEmpty() ? "the file" : path) + " must hold fields");
    }
  }

  /** Name of the file. */
  public String source() {
    return source;
  }

  /** Names of the fields that are there. */
  public List<String> names() {
    return json == null ? List.of() : List.copyOf(json.propertyNames());
  }

  private @Nullable JsonNode node(String name) {
    known.add(name);
    JsonNode value = json == null ? null : json.get(name);
    return value == null || value.isNull() ? null : value;
  }

  /** An error that names the file and a field. */
  public FormatException broken(String name, String problem) {
    return new FormatException(source, at(name) + " " + problem);
  }

  private String at(String name) {
    return path.isEmpty() ? name : path + "." + name;
  }

  /** True when a field is there and is text. */
  public boolean isText(String name) {
    JsonNode value = node(name);
    return value != null && value.isString();
  }

  /**
   * Objects of a list; none when it is absent.
   *
   * @param most most of them
   */
  public List<Section> sections(String name, int most) {
    JsonNode value = node(name);
    if (value == null) {
      return List.of();
    }
    if (!value.isArray() || value.size() > most) {
      throw broken(name, "must be a list of at most " + most);
    }
    List<Section> sections = new ArrayList<>();
    for (JsonNode item : value) {
      sections.add(new Section(item, at(name) + "[" + sections.size() + "]", source));
    }
    return sections;
  }

  /** All its fields, for a reader of its own; none when it is absent. */
  public ObjectNode copy() {
    return json instanceof ObjectNode object
        ? object.deepCopy()
        : JsonNodeFactory.instance.objectNode();
  }

  /** Text that must be there and not be blank. */
  public String required(String name) {
    String value = text(name);
    if (value == null || value.isBlank()) {
      throw broken(name, "is required");
    }
    return value;
  }

  /** A number, also with decimals; null when it is absent. */
  public @Nullable BigDecimal decimal(String name) {
    JsonNode value = node(name);
    if (value == null) {
      return null;
    }
    if (!value.isNumber() && !value.isString()) {
      throw broken(name, "must be a number");
    }
    String text = value.isString() ? value.stringValue() : value.asString();
    // Short, because an exponent of a billion is a number too.
    if (!text.matches("[0-9]{1,9}([.][0-9]{1,15})?([eE]-?[0-9]{1,2})?")) {
      throw broken(name, "must be a number of dollars such as 0.28");
    }
    return new BigDecimal(text);
  }

  /** An object of the file; one without fields when it is absent. */
  public Section section(String name) {
    return new Section(node(name), at(name), source);
  }

  public @Nullable String text(String name) {
    JsonNode value = node(name);
    if (value != null && !value.isString()) {
      throw broken(name, "must be text");
    }
    return value == null ? null : value.stringValue();
  }

  public String text(String name, String fallback) {
    String value = text(name);
    return value == null ? fallback : value;
  }

  public List<String> texts(String name) {
    JsonNode value = node(name);
    if (value == null) {
      return List.of();
    }
    if (!value.isArray() || value.valueStream().anyMatch(v -> !v.isString())) {
      throw broken(name, "must be a list of names");
    }
    return value.valueStream().map(JsonNode::stringValue).toList();
  }

  /** A reference to a secret; null when it is absent. */
  public @Nullable SecretReference reference(String name) {
    String text = text(name);
    return text == null ? null : reference(name, text);
  }

  /** References to secrets; none when they are absent. */
  public List<SecretReference> references(String name) {
    return texts(name).stream().map(text -> reference(name, text)).toList();
  }

  private SecretReference reference(String name, String text) {
    if (!Secrets.isReference(text)) {
      // What stands there may be the secret, so it is not repeated.
      throw broken(name, "must be " + Secrets.FORMS + "; a secret does not belong here");
    }
    return new SecretReference(text);
  }

  public @Nullable Path path(String name, Path folder) {
    String value = text(name);
    if (value == null) {
      return null;
    }
    try {
      return folder.resolve(value);
    } catch (InvalidPathException e) {
      throw broken(name, "is no path");
    }
  }

  /** A constant of an enumeration, in lower case. */
  public <T extends Enum<T>> T choice(String name, T fallback) {
    String value = text(name);
    if (value == null) {
      return fallback;
    }
    List<String> names = new ArrayList<>();
    for (T constant : fallback.getDeclaringClass().getEnumConstants()) {
      String lower = constant.name().toLowerCase(Locale.ROOT);
      if (lower.equals(value)) {
        return constant;
      }
      names.add(lower);
    }
    throw broken(name, "must be " + String.join(" or ", names));
  }

  public @Nullable Boolean flag(String name) {
    JsonNode value = node(name);
    if (value != null && !value.isBoolean()) {
      throw broken(name, "must be true or false");
    }
    return value == null ? null : value.booleanValue();
  }

  public boolean flag(String name, boolean fallback) {
    Boolean value = flag(name);
    return value == null ? fallback : value;
  }

  public long number(String name, long least, long most, long fallback) {
    JsonNode value = node(name);
    if (value == null) {
      return fallback;
    }
    if (!value.isIntegralNumber() || value.longValue() < least || value.longValue() > most) {
      throw broken(name, "must be a whole number from " + least + " to " + most);
    }
    return value.longValue();
  }

  public @Nullable Integer optional(String name, int least, int most) {
    return node(name) == null ? null : (int) number(name, least, most, 0);
  }

  public void requireKnown(String... more) {
    if (json == null) {
      return;
    }
    known.addAll(List.of(more));
    for (String name : json.propertyNames()) {
      if (!known.contains(name)) {
        throw broken(name, "is unknown; known here: " + String.join(", ", known));
      }
    }
  }
}
