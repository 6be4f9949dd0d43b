package io.hadal.server.routing.convert;

import io.hadal.chat.TurnEvent;
import io.hadal.chat.TurnEvent.Finish;
import io.hadal.formats.prompt.Completion;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Turns an upstream's answer into events. Use once. */
public abstract class AnswerEvents {
  private static final Completion NOTHING = new Completion("", "", List.of(), "", "");

  private final List<TurnEvent> ready = new ArrayList<>();
  private int calls;
  private boolean inCall;
  private boolean arguments;
  private boolean over;
  private Finish finish = Finish.STOP;
  private @Nullable String stop;

  AnswerEvents() {}

  /** Takes one event of a stream. */
  public abstract void event(JsonNode json);

  /** Takes a whole answer. */
  public abstract void whole(JsonNode json);

  /** What the last event brought. */
  public final List<TurnEvent> take() {
    List<TurnEvent> events = List.copyOf(ready);
    ready.clear();
    return events;
  }

  /** Ends the answer, once. */
  public final List<TurnEvent> end() {
    if (!over) {
      over = true;
      endCall();
      ready.add(new TurnEvent.End(0, finish, stop, NOTHING));
    }
    return take();
  }

  final void reasoning(String text) {
    if (!text.isEmpty()) {
      ready.add(new TurnEvent.Reasoning(0, text, List.of()));
    }
  }

  final void text(String text) {
    if (!text.isEmpty()) {
      endCall();
      ready.add(new TurnEvent.Text(0, text, List.of()));
    }
  }

  /** Calls come one after the other: a new one ends the one before. */
  final void call(String id, String name) {
    endCall();
    inCall = true;
    arguments = false;
    ready.add(new TurnEvent.CallStart(0, calls, id, null, name));
  }

  final void arguments(String json) {
    if (inCall && !json.isEmpty()) {
      arguments = true;
      ready.add(new TurnEvent.CallArguments(0, calls, json));
    }
  }

  final void endCall() {
    if (inCall) {
      if (!arguments) {
        arguments("{}");
      }
      inCall = false;
      ready.add(new TurnEvent.CallEnd(0, calls++, true));
    }
  }

  final void finish(Finish reason, @Nullable String stopString) {
    finish = reason;
    stop = stopString;
  }

  static String string(JsonNode json, String name) {
    JsonNode value = json.get(name);
    return value != null && value.isString() ? value.stringValue() : "";
  }
}
