package io.hadal.cli;

import io.hadal.chat.AnswerFormat;
import io.hadal.chat.AnswerPolicy;
import io.hadal.chat.ChatRequest;
import io.hadal.chat.ToolChoice;
import io.hadal.formats.prompt.Message;
import io.hadal.formats.prompt.Role;
import io.hadal.formats.prompt.ToolDefinition;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Makes the model call the client's shell, and say one sentence behind its result. A request
 * without tools gets a title.
 */
final class ToolTrip implements AnswerPolicy {
  static final String COMMAND = "echo hadal-$((6*7))";
  static final String OUTPUT = "hadal-42";
  static final String LAST = "The shell has answered.";

  /** Names that clients give to their shell. */
  private static final List<String> SHELLS =
      List.of(
          "Bash",
          "bash",
          "exec_command",
          "shell",
          "shell_command",
          "run_shell_command",
          "run_commands",
          "execute_command",
          "run_terminal_command",
          "shell");

  private final List<String> results = new ArrayList<>();
  private final List<String> offered = new ArrayList<>();
  private int requests;

  @Override
  public synchronized ChatRequest answerTo(ChatRequest request) {
    requests++;
    ChatRequest answer = new ChatRequest().thinkingBudget(1024);
    request.tools().forEach(t -> offered.add(t.function().path("name").asString()));
    List<Message> tools =
        request.messages().stream().filter(m -> m.role().equals(Role.TOOL)).toList();
    if (!tools.isEmpty()) {
      results.add(tools.getLast().toString());
      return answer.format(text(LAST));
    }
    for (ToolDefinition tool : request.tools()) {
      String name = tool.function().path("name").asString();
      if (SHELLS.contains(name)) {
        ObjectNode function = JsonNodeFactory.instance.objectNode().put("name", name);
        function.set("parameters", arguments(tool.function().path("parameters")));
        return answer
            .tools(List.of(new ToolDefinition(function, tool.namespace())))
            .toolChoice(new ToolChoice.Named(name))
            .strictTools(Set.of(name))
            .parallelCalls(false);
      }
    }
    return answer.format(text("A trip"));
  }

  private static AnswerFormat text(String text) {
    return new AnswerFormat.OneOf(List.of(text), "response_format");
  }

  /** A schema that only the wanted arguments follow. */
  private static ObjectNode arguments(JsonNode schema) {
    ObjectNode wanted = JsonNodeFactory.instance.objectNode().put("type", "object");
    wanted.put("additionalProperties", false);
    var required = wanted.putArray("required");
    ObjectNode properties = wanted.putObject("properties");
    Set<String> needed = new java.util.HashSet<>();
    schema.path("required").forEach(n -> needed.add(n.asString()));
    for (Map.Entry<String, JsonNode> property : schema.path("properties").properties()) {
      String name = property.getKey();
      boolean command = name.equals("command") || name.equals("cmd") || name.equals("commands");
      if (command || needed.contains(name)) {
        required.add(name);
        properties.putObject(name).set("const", value(command, property.getValue()));
      }
    }
    return wanted;
  }

  private static JsonNode value(boolean command, JsonNode schema) {
    JsonNodeFactory json = JsonNodeFactory.instance;
    String type = schema.path("type").asString("string");
    if (schema.path("enum").isArray()) {
      return schema.path("enum").path(0);
    }
    return switch (type) {
      case "array" -> json.arrayNode().add(COMMAND);
      case "boolean" -> json.booleanNode(false);
      case "integer", "number" -> json.numberNode(5);
      default -> json.stringNode(command ? COMMAND : "hadal");
    };
  }

  /** Begins anew. */
  synchronized void forget() {
    results.clear();
    offered.clear();
    requests = 0;
  }

  synchronized int requests() {
    return requests;
  }

  /** Results of tools that came back. */
  synchronized List<String> results() {
    return List.copyOf(results);
  }

  /** Names of tools that were offered. */
  synchronized List<String> offered() {
    return List.copyOf(offered);
  }
}
