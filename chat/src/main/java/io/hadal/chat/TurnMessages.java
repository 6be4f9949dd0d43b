package io.hadal.chat;

import io.hadal.formats.prompt.ContentBlock;
import io.hadal.formats.prompt.Message;
import io.hadal.formats.prompt.PromptDialect;
import io.hadal.formats.prompt.Role;
import io.hadal.formats.prompt.ToolCall;
import io.hadal.formats.prompt.ToolDefinition;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Brings what clients send into the order that prompt formats know. */
final class TurnMessages {
  private final PromptDialect dialect;
  private final List<Message> out = new ArrayList<>();

  /** Calls of the last assistant turn that are not answered yet. */
  private final Set<String> unanswered = new HashSet<>();

  private final Set<String> known = new HashSet<>();

  private TurnMessages(PromptDialect dialect) {
    this.dialect = dialect;
  }

  /**
   * Messages with the tools in the opening system text, neighbours of one role joined, later system
   * text where the format has a place for it.
   *
   * @throws Problem for results without calls and calls without results
   */
  static List<Message> arrange(
      PromptDialect dialect, List<Message> messages, List<ToolDefinition> tools) {
    TurnMessages arranged = new TurnMessages(dialect);
    for (int i = 0; i < messages.size(); i++) {
      arranged.add(messages.get(i), i);
    }
    arranged.requireAnswered();
    arranged.offer(tools);
    return arranged.out;
  }

  private void add(Message message, int index) {
    Role role = message.role();
    if (role.equals(Role.TOOL)) {
      String id = message.toolCallId();
      if (id == null || !known.contains(id)) {
        throw Problem.unknownToolCall("messages[" + index + "].tool_call_id", String.valueOf(id));
      }
      unanswered.remove(id);
      out.add(message);
      return;
    }
    if (role.equals(Role.ASSISTANT)) {
      addAssistant(message);
      return;
    }
    boolean system = role.equals(Role.SYSTEM) || role.equals(Role.DEVELOPER);
    if (!system) {
      requireAnswered();
    }
    if (system && out.stream().allMatch(m -> m.role().equals(Role.SYSTEM))) {
      Message first = out.isEmpty() ? null : out.removeLast();
      String text = text(message);
      out.add(Message.system(first == null ? text : join(first.text(), text)));
    } else if (system) {
      out.add(dialect.laterSystemTurns() ? Message.system(text(message)) : user(message));
    } else {
      out.add(message);
    }
  }

  private static Message user(Message message) {
    return Message.builder(Role.USER).text(message.text()).blocks(message.blocks()).build();
  }

  private void addAssistant(Message message) {
    Message last = out.isEmpty() ? null : out.getLast();
    if (last != null && last.role().equals(Role.ASSISTANT)) {
      out.removeLast();
      List<ToolCall> calls = new ArrayList<>(last.toolCalls());
      calls.addAll(message.toolCalls());
      String reasoning = joinOrNull(last.reasoning(), message.reasoning());
      out.add(
          Message.builder(Role.ASSISTANT)
              .text(join(last.text(), text(message)))
              .reasoning(reasoning)
              .toolCalls(calls)
              .withoutEos(message.withoutEos())
              .build());
    } else {
      requireAnswered();
      out.add(message.toBuilder().text(text(message)).blocks(null).build());
    }
    for (ToolCall call : message.toolCalls()) {
      if (call.id() != null) {
        unanswered.add(call.id());
        known.add(call.id());
      }
    }
  }

  private void requireAnswered() {
    if (!unanswered.isEmpty()) {
      throw Problem.invalid(
          "messages", "have no result for the tool call " + unanswered.iterator().next());
    }
  }

  private void offer(List<ToolDefinition> tools) {
    if (tools.isEmpty()) {
      if (out.stream().allMatch(m -> m.role().equals(Role.SYSTEM))) {
        // System text alone opens no turn.
        out.add(Message.user(""));
      }
      return;
    }
    Message first = out.isEmpty() ? null : out.getFirst();
    if (first != null && first.role().equals(Role.SYSTEM)) {
      out.set(0, first.toBuilder().tools(tools).build());
    } else {
      out.addFirst(Message.builder(Role.SYSTEM).text("").tools(tools).build());
    }
    if (out.size() == 1) {
      out.add(Message.user(""));
    }
  }

  private static String text(Message message) {
    List<ContentBlock> blocks = message.blocks();
    if (blocks == null) {
      return message.text() == null ? "" : message.text();
    }
    StringBuilder text = new StringBuilder();
    for (ContentBlock block : blocks) {
      if (block instanceof ContentBlock.Text t) {
        text.append(text.isEmpty() ? "" : "\n\n").append(t.text());
      }
    }
    return text.toString();
  }

  private static String join(@Nullable String a, String b) {
    return a == null || a.isEmpty() ? b : b.isEmpty() ? a : a + "\n\n" + b;
  }

  private static @Nullable String joinOrNull(@Nullable String a, @Nullable String b) {
    return b == null ? a : join(a, b);
  }
}
