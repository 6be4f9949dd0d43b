package io.hadal.chat;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.formats.prompt.Completion;
import io.hadal.formats.prompt.Message;
import io.hadal.formats.prompt.ParsedToolCall;
import io.hadal.formats.prompt.ToolCall;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Remembers what the model really wrote for each call. Clients see JSON and send JSON back;
 * printing the markup anew could differ in spaces and order, and then everything behind it would
 * have to be computed again on a text the model never wrote. Safe for concurrent use.
 */
public final class CallMemory {
  private final int capacity;
  private final AtomicLong missing = new AtomicLong();
  private final Map<String, Entry> entries = new LinkedHashMap<>(64, 0.75f, true);

  private record Entry(ParsedToolCall call, String reasoning) {}

  /** A memory for so many calls; the ones unused for longest are forgotten. */
  public CallMemory(int capacity) {
    this.capacity = capacity;
  }

  /** Remembers a call of an answer. */
  public synchronized void remember(
      String owner, String id, ParsedToolCall call, String reasoning) {
    if (!call.complete()) {
      return;
    }
    entries.put(owner + '\n' + id, new Entry(call, reasoning));
    if (entries.size() > capacity) {
      entries.remove(entries.keySet().iterator().next());
    }
  }

  /** Remembers the calls of an answer under the ids the client gets to see, in order. */
  public void remember(String owner, List<String> ids, Completion completion) {
    List<ParsedToolCall> calls = completion.toolCalls();
    for (int i = 0; i < Math.min(ids.size(), calls.size()); i++) {
      remember(owner, ids.get(i), calls.get(i), completion.reasoning());
    }
  }

  private synchronized @Nullable Entry find(String owner, @Nullable String id) {
    return id == null ? null : entries.get(owner + '\n' + id);
  }

  /**
   * The message with its calls as the model wrote them, and with its reasoning where the client has
   * left that out. Calls that the client has changed stay as they are.
   */
  Message recall(String owner, Message message) {
    if (message.toolCalls().isEmpty()) {
      return message;
    }
    List<ToolCall> calls = new ArrayList<>();
    String reasoning = message.reasoning();
    for (ToolCall call : message.toolCalls()) {
      Entry entry = find(owner, call.id());
      if (entry != null
          && entry.call.name().equals(call.name())
          && sameJson(entry.call.arguments(), call)) {
        calls.add(call.withRawText(entry.call.rawText()));
      } else {
        calls.add(call);
      }
      if (entry != null && reasoning == null) {
        reasoning = entry.reasoning;
      }
    }
    if (reasoning == null) {
      missing.incrementAndGet();
    }
    return message.toBuilder().toolCalls(calls).reasoning(reasoning).build();
  }

  /** Messages with calls whose reasoning neither the client nor this memory had, so far. */
  public long missingReasoning() {
    return missing.get();
  }

  private static boolean sameJson(String arguments, ToolCall call) {
    String given =
        call.arguments().isString() ? call.arguments().stringValue() : call.arguments().toString();
    if (given.equals(arguments)) {
      return true;
    }
    try {
      return Json.parse(given.getBytes(StandardCharsets.UTF_8), "arguments")
          .equals(Json.parse(arguments.getBytes(StandardCharsets.UTF_8), "arguments"));
    } catch (FormatException e) {
      return false;
    }
  }
}
