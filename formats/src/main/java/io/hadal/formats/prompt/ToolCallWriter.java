package io.hadal.formats.prompt;

import io.hadal.formats.FormatException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Writes tool schemas and tool calls of a dialect. */
final class ToolCallWriter {
  private final PromptDialect dialect;
  private final ToolMarkup markup;

  ToolCallWriter(PromptDialect dialect) {
    this.dialect = dialect;
    this.markup = dialect.markup();
  }

  void toolsSection(List<ToolDefinition> tools, PromptWriter out) {
    out.markup("\n\n").markup(markup.toolsHead());
    for (int i = 0; i < tools.size(); i++) {
      out.markup(i == 0 ? "" : "\n").text(PythonJson.render(schema(tools.get(i))));
    }
    out.markup(ToolMarkup.TOOLS_TAIL);
  }

  void calls(List<ToolCall> calls, PromptWriter out) {
    out.markup(markup.blockOpen).markup(">\n");
    for (int i = 0; i < calls.size(); i++) {
      out.markup(i == 0 ? "" : "\n");
      ToolCall call = calls.get(i);
      String name = printedName(call);
      String raw = call.rawText();
      if (raw == null) {
        invoke(name, parameters(call), out);
      } else {
        replay(name, raw, out);
      }
    }
    out.markup("\n").markup(markup.blockClose);
  }

  private String printedName(ToolCall call) {
    return dialect.rules().namespaces()
        ? QualifiedName.resolve(call.namespace(), call.name()).printed()
        : call.name();
  }

  private void invoke(String name, ObjectNode parameters, PromptWriter out) {
    out.markup(markup.invokeOpen).markup(" name=\"").text(name).markup("\">\n");
    String separator = "";
    for (Map.Entry<String, JsonNode> parameter : parameters.properties()) {
      JsonNode value = parameter.getValue();
      out.markup(separator)
          .markup(markup.parameterOpen)
          .markup(" name=\"")
          .text(parameter.getKey())
          .markup("\" string=\"")
          .markup(value.isString() ? "true" : "false")
          .markup("\">")
          .text(value.isString() ? value.stringValue() : PythonJson.render(value))
          .markup(markup.parameterClose);
      separator = "\n";
    }
    out.markup("\n").markup(markup.invokeClose);
  }

  /** Prints markup the model once produced; its names and values remain untrusted text. */
  private void replay(String name, String raw, PromptWriter out) {
    String block = ">\n" + raw + "\n" + markup.blockClose;
    DsmlReader reader = new DsmlReader(dialect, block, 0);
    List<ParsedToolCall> calls;
    try {
      calls = reader.readBlock();
    } catch (MalformedCompletionException e) {
      throw new FormatException("prompt", "raw text of call '" + name + "' is no tool call", e);
    }
    if (calls.size() != 1
        || reader.position() != block.length()
        || !calls.getFirst().printedName().equals(name)) {
      throw new FormatException("prompt", "raw text of call '" + name + "' holds another call");
    }
    int from = 2;
    for (DsmlReader.Span span : reader.data()) {
      out.markup(block.substring(from, span.from()));
      out.text(block.substring(span.from(), span.to()));
      from = span.to();
    }
    out.markup(block.substring(from, 2 + raw.length()));
  }

  private ObjectNode parameters(ToolCall call) {
    JsonNode given = call.arguments();
    JsonNode value = given;
    if (given.isString()) {
      value = PythonJson.parse(given.stringValue());
      if (dialect.rules().anyArguments() && value != null && value.isString()) {
        value = PythonJson.parse(value.stringValue());
      }
    }
    if (value instanceof ObjectNode object) {
      return object;
    }
    if (value != null && !dialect.rules().anyArguments()) {
      throw new FormatException(
          "prompt", "arguments of call '" + call.name() + "' must be a JSON object");
    }
    return JsonNodeFactory.instance.objectNode().set("arguments", given);
  }

  private ObjectNode schema(ToolDefinition tool) {
    if (!dialect.rules().namespaces()) {
      return tool.function();
    }
    ObjectNode function = tool.function().deepCopy();
    JsonNode inner = function.remove("namespace");
    JsonNode name = function.get("name");
    if (name == null || !name.isString()) {
      throw new FormatException("prompt", "a tool's function.name is missing or no string");
    }
    String beside = namespaceName(tool.namespace());
    String inside = namespaceName(inner);
    if (beside != null && inside != null && !beside.equals(inside)) {
      throw new FormatException(
          "prompt",
          "tool '" + name.stringValue() + "' has namespaces '" + beside + "' and '" + inside + "'");
    }
    QualifiedName qualified =
        QualifiedName.resolve(beside == null ? inside : beside, name.stringValue());
    function.put("name", qualified.printed());
    String about = namespaceDescription(tool.namespace());
    if (about == null) {
      about = namespaceDescription(inner);
    }
    if (about != null) {
      JsonNode description = function.get("description");
      String own = description != null && description.isString() ? description.stringValue() : "";
      function.put("description", about + "\n" + own);
    }
    return function;
  }

  private static @Nullable String namespaceName(@Nullable JsonNode namespace) {
    if (namespace == null || namespace.isNull()) {
      return null;
    }
    JsonNode name = namespace.isObject() ? namespace.get("name") : namespace;
    if (name == null || !name.isString()) {
      throw new FormatException(
          "prompt", "a tool's namespace must be a name or an object with a name");
    }
    return name.stringValue().isEmpty() ? null : name.stringValue();
  }

  private static @Nullable String namespaceDescription(@Nullable JsonNode namespace) {
    if (namespace == null || !namespace.isObject()) {
      return null;
    }
    JsonNode text = namespace.get("description");
    return text == null || !text.isString() || text.stringValue().isEmpty()
        ? null
        : text.stringValue();
  }
}
