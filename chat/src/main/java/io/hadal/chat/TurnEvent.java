package io.hadal.chat;

import io.hadal.formats.prompt.Completion;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What happens while answers are generated. */
public sealed interface TurnEvent {

  /** Index of the answer. */
  int choice();

  /** The prompt is being taken in; {@code cached} of its tokens did not have to be computed. */
  record Started(int cached) implements TurnEvent {
    @Override
    public int choice() {
      return 0;
    }
  }

  /** More reasoning. */
  record Reasoning(int choice, String text, List<TokenInfo> tokens) implements TurnEvent {}

  /** More text of the answer. */
  record Text(int choice, String text, List<TokenInfo> tokens) implements TurnEvent {}

  /**
   * A tool call begins.
   *
   * @param index number of the call in its answer
   */
  record CallStart(int choice, int index, String id, @Nullable String namespace, String name)
      implements TurnEvent {}

  /** More JSON text of a call's arguments. */
  record CallArguments(int choice, int index, String json) implements TurnEvent {}

  /** A call ends; if it is not complete, its arguments are no JSON. */
  record CallEnd(int choice, int index, boolean complete) implements TurnEvent {}

  /**
   * An answer ends.
   *
   * @param stop the stop string that ended it, null for another reason
   * @param completion the whole answer, its text cut at the stop string
   */
  record End(int choice, Finish finish, @Nullable String stop, Completion completion)
      implements TurnEvent {}

  /** Why an answer ended. */
  enum Finish {
    /** The model ended it. */
    STOP,
    /** A stop string. */
    STOP_STRING,
    /** The model waits for the results of its calls. */
    TOOL_CALLS,
    /** The limit of the request. */
    LENGTH,
    /** The context of the model. */
    CONTEXT,
    /** {@link Generation#cancel}. */
    CANCELLED
  }
}
