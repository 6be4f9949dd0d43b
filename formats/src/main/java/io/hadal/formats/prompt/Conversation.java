package io.hadal.formats.prompt;

import io.hadal.formats.FormatException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A conversation made ready for rendering: tool and user messages merged into user turns, tool
 * results put in call order, old reasoning dropped (deepseek-v4.md 9.3 steps 1 to 3).
 *
 * @param messages context and messages after preparation
 * @param firstRendered index of the first message to print
 * @param lastUser index of the last user-like message, −1 if none
 * @param dropping whether reasoning before {@code lastUser} is left out
 */
record Conversation(List<Message> messages, int firstRendered, int lastUser, boolean dropping) {
  private static final Set<Role> KEPT_ROLES =
      Set.of(Role.USER, Role.SYSTEM, Role.TOOL, Role.LATEST_REMINDER, Role.DIRECT_SEARCH_RESULTS);

  static Conversation prepare(
      PromptDialect dialect, List<Message> messages, RenderOptions options) {
    List<Message> context = merge(dialect, options.context());
    List<Message> full = new ArrayList<>(context);
    full.addAll(merge(dialect, messages));
    sortToolResults(full);
    context = full.subList(0, context.size());

    // V4 forgets the tools of user messages while merging, V4.1 still counts them.
    boolean toolsOffered =
        dialect.rules().countUserTools()
            ? carryTools(options.context()) || carryTools(messages)
            : carryTools(full);
    boolean dropping = options.dropThinking() && !toolsOffered;
    int hidden = context.size();
    if (dropping && options.mode() == ThinkingMode.THINKING) {
      hidden = dropOldReasoning(dialect, context).size();
      full = dropOldReasoning(dialect, full);
    }
    return new Conversation(
        List.copyOf(full), Math.min(hidden, full.size()), lastUser(dialect, full), dropping);
  }

  private static boolean carryTools(List<Message> messages) {
    return messages.stream().anyMatch(m -> !m.tools().isEmpty());
  }

  private static List<Message> merge(PromptDialect dialect, List<Message> messages) {
    List<Message> merged = new ArrayList<>();
    List<ContentBlock> open = new ArrayList<>();
    Message turn = null;
    for (int i = 0; i < messages.size(); i++) {
      Message message = messages.get(i);
      boolean user = message.role().equals(Role.USER);
      if (!user && !message.role().equals(Role.TOOL)) {
        turn = close(turn, open, merged);
        merged.add(message);
        continue;
      }
      if (turn == null || (user && turn.task() != null)) {
        close(turn, open, merged);
        turn =
            Message.builder(Role.USER)
                .task(user ? message.task() : null)
                .withoutEos(user && message.withoutEos())
                .mask(user ? message.mask() : 0)
                .build();
      }
      if (user) {
        open.addAll(userBlocks(dialect, message, i));
      } else {
        open.add(toolResult(dialect, message));
      }
    }
    close(turn, open, merged);
    return merged;
  }

  private static @Nullable Message close(
      @Nullable Message turn, List<ContentBlock> blocks, List<Message> merged) {
    if (turn != null) {
      merged.add(turn.toBuilder().blocks(blocks).build());
      blocks.clear();
    }
    return null;
  }

  private static List<ContentBlock> userBlocks(PromptDialect dialect, Message message, int index) {
    List<ContentBlock> blocks = message.blocks();
    String text = message.text();
    if (blocks != null && (dialect.rules().blocksReplaceText() || text == null)) {
      return blocks;
    }
    if (text == null) {
      throw new FormatException("prompt", "user message " + index + " has no content");
    }
    return List.of(new ContentBlock.Text(text));
  }

  private static ContentBlock toolResult(PromptDialect dialect, Message message) {
    String id = message.toolCallId() == null ? "" : message.toolCallId();
    List<ContentBlock> parts = message.blocks();
    if (parts == null) {
      return new ContentBlock.ToolResult(id, message.text(), List.of());
    }
    if (dialect.rules().blocksReplaceText()) {
      parts = parts.stream().filter(Conversation::isTextOrImage).toList();
    }
    return new ContentBlock.ToolResult(id, parts.isEmpty() ? "" : null, parts);
  }

  static boolean isTextOrImage(ContentBlock block) {
    return block instanceof ContentBlock.Text || block instanceof ContentBlock.Image;
  }

  private static void sortToolResults(List<Message> messages) {
    Map<String, Integer> order = new HashMap<>();
    for (int i = 0; i < messages.size(); i++) {
      Message message = messages.get(i);
      List<ContentBlock> blocks = message.blocks();
      if (message.role().equals(Role.ASSISTANT) && !message.toolCalls().isEmpty()) {
        order.clear();
        for (int c = 0; c < message.toolCalls().size(); c++) {
          String id = message.toolCalls().get(c).id();
          if (id != null) {
            order.put(id, c);
          }
        }
      } else if (message.role().equals(Role.USER) && blocks != null && !order.isEmpty()) {
        messages.set(i, message.toBuilder().blocks(sorted(blocks, order)).build());
      }
    }
  }

  private static List<ContentBlock> sorted(List<ContentBlock> blocks, Map<String, Integer> order) {
    List<ContentBlock.ToolResult> results = new ArrayList<>();
    for (ContentBlock block : blocks) {
      if (block instanceof ContentBlock.ToolResult result) {
        results.add(result);
      }
    }
    results.sort(Comparator.comparingInt(r -> order.getOrDefault(r.callId(), 0)));
    List<ContentBlock> placed = new ArrayList<>(blocks.size());
    int next = 0;
    for (ContentBlock block : blocks) {
      placed.add(block instanceof ContentBlock.ToolResult ? results.get(next++) : block);
    }
    return placed;
  }

  private static List<Message> dropOldReasoning(PromptDialect dialect, List<Message> messages) {
    int last = lastUser(dialect, messages);
    List<Message> kept = new ArrayList<>();
    for (int i = 0; i < messages.size(); i++) {
      Message message = messages.get(i);
      if (i >= last || KEPT_ROLES.contains(message.role())) {
        kept.add(message);
      } else if (message.role().equals(Role.ASSISTANT)) {
        kept.add(message.toBuilder().reasoning(null).build());
      }
    }
    return kept;
  }

  private static int lastUser(PromptDialect dialect, List<Message> messages) {
    int i = messages.size() - 1;
    while (i >= 0 && !dialect.userLike(messages.get(i).role(), i)) {
      i--;
    }
    return i;
  }
}
