package io.hadal.server.wire;

import io.hadal.chat.AnswerFormat;
import io.hadal.chat.Problem;
import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.BooleanNode;

/** Reads what the text of an answer must be, in the spellings of several APIs and servers. */
final class AnswerFormats {
  private static final int MOST_CHOICES = 10_000;

  private final Fields body;
  private AnswerFormat format = AnswerFormat.TEXT;
  private String from = "";

  private AnswerFormats(Fields body) {
    this.body = body;
  }

  /**
   * {@code response_format}, the {@code guided_…} and {@code structured_outputs} fields of vLLM,
   * {@code grammar} and {@code json_schema} of llama.cpp; at most one of them.
   */
  static AnswerFormat read(Fields body) {
    AnswerFormats formats = new AnswerFormats(body);
    formats.set("response_format", format(body.object("response_format"), false));
    formats.extensions(body, "guided_");
    Fields outputs = body.object("structured_outputs");
    if (outputs != null) {
      formats.extensions(outputs, "");
      outputs.accept(
          "disable_any_whitespace", "disable_additional_properties", "whitespace_pattern");
      if (outputs.bool("json_object", false)) {
        formats.set(outputs.at("json_object"), AnswerFormat.JSON_OBJECT);
      }
    }
    formats.text(body, "grammar");
    formats.schema(body, "json_schema");
    return formats.format;
  }

  private void set(String field, AnswerFormat given) {
    if (given instanceof AnswerFormat.Text) {
      return;
    }
    if (!(format instanceof AnswerFormat.Text)) {
      throw Problem.invalid(field, "must not be there beside " + from);
    }
    format = given;
    from = field;
  }

  private void extensions(Fields fields, String prefix) {
    schema(fields, prefix + "json");
    String regex = fields.string(prefix + "regex");
    if (regex != null) {
      String at = fields.at(prefix + "regex");
      set(at, new AnswerFormat.Pattern(regex, at));
    }
    List<String> choices = fields.strings(prefix + "choice", MOST_CHOICES);
    if (!choices.isEmpty()) {
      String at = fields.at(prefix + "choice");
      set(at, new AnswerFormat.OneOf(choices, at));
    }
    if (!prefix.isEmpty() || fields != body) {
      text(fields, prefix + "grammar");
    }
    fields.accept(prefix + "decoding_backend", prefix + "whitespace_pattern");
  }

  private void text(Fields fields, String name) {
    String grammar = fields.string(name);
    if (grammar != null && !grammar.isEmpty()) {
      set(fields.at(name), new AnswerFormat.Grammar(grammar, fields.at(name)));
    }
  }

  /** A schema as an object, or as the text of one. */
  private void schema(Fields fields, String name) {
    JsonNode node = fields.node(name);
    if (node == null) {
      return;
    }
    if (node.isString()) {
      try {
        node = Json.parse(node.stringValue().getBytes(StandardCharsets.UTF_8), fields.at(name));
      } catch (FormatException e) {
        throw Problem.invalid(fields.at(name), "is not valid JSON");
      }
    }
    if (node.isObject() || node instanceof BooleanNode) {
      set(fields.at(name), new AnswerFormat.JsonSchema(node, true, fields.at(name)));
    } else {
      throw Problem.invalid(fields.at(name), "must be a schema");
    }
  }

  /** {@code response_format}, or {@code text.format} where the schema is not nested. */
  static AnswerFormat format(@Nullable Fields format, boolean flat) {
    if (format == null) {
      return AnswerFormat.TEXT;
    }
    String type = format.required("type");
    return switch (type) {
      case "text" -> AnswerFormat.TEXT;
      case "json_object" -> {
        // llama.cpp takes a schema here.
        Fields schema = format.object("schema");
        yield schema == null
            ? AnswerFormat.JSON_OBJECT
            : new AnswerFormat.JsonSchema(schema.json(), true, format.at("schema"));
      }
      case "json_schema" -> {
        Fields holder = flat ? format : format.requiredObject("json_schema");
        boolean strict = holder.bool("strict", false);
        holder.accept("name", "description");
        yield new AnswerFormat.JsonSchema(
            holder.requiredObject("schema").json(), strict, holder.at("schema"));
      }
      case "regex" ->
          new AnswerFormat.Pattern(
              format.required(format.has("pattern") ? "pattern" : "regex"), format.at("regex"));
      case "grammar" -> new AnswerFormat.Grammar(format.required("grammar"), format.at("grammar"));
      default ->
          throw Problem.invalid(
              format.at("type"),
              "must be text, json_object, json_schema, regex or grammar, not " + type);
    };
  }
}
