package io.hadal.chat;

import io.hadal.chat.TurnEvent.Finish;
import io.hadal.formats.prompt.Message;
import io.hadal.formats.prompt.Role;
import io.hadal.formats.prompt.ToolCall;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A whole answer.
 *
 * @param text what the model says, cut at a stop string
 * @param reasoning what it thought before; empty when it did not
 * @param toolCalls complete calls it makes, with ids that results refer to and arguments as JSON
 *     text
 * @param finish why it ended
 * @param stop the stop string that ended it, null for another reason
 * @param usage tokens it took
 * @param ignored places in the request that had no effect on the format
 */
public record Reply(
    String text,
    String reasoning,
    List<ToolCall> toolCalls,
    Finish finish,
    @Nullable String stop,
    Usage usage,
    List<String> ignored) {
  public Reply {
    toolCalls = List.copyOf(toolCalls);
    ignored = List.copyOf(ignored);
  }

  /** The answer as a message of its conversation. */
  public Message message() {
    return Message.builder(Role.ASSISTANT)
        .text(text)
        .reasoning(reasoning.isEmpty() ? null : reasoning)
        .toolCalls(toolCalls)
        .build();
  }
}
