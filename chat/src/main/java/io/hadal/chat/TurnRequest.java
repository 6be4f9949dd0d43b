package io.hadal.chat;

import io.hadal.engine.serving.FirstTokenPromise;
import io.hadal.engine.serving.GenerationRequest;
import io.hadal.engine.serving.PriorityClass;
import io.hadal.formats.prompt.ThinkingMode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Answers to one prompt.
 *
 * @param generation what the engine does
 * @param parse how answers are read: with reasoning first, without, or null for plain text in which
 *     nothing has a meaning
 * @param stops strings that end an answer
 * @param singleCall true to end an answer behind its first tool call
 * @param ignored places in the request that have no effect on the answers' format
 */
public record TurnRequest(
    GenerationRequest generation,
    @Nullable ThinkingMode parse,
    List<String> stops,
    boolean singleCall,
    List<String> ignored) {
  public TurnRequest {
    stops = List.copyOf(stops);
    ignored = List.copyOf(ignored);
  }

  /** The same with a promise about its first token; those nobody waits for have none. */
  public TurnRequest withPromise(@Nullable FirstTokenPromise promise) {
    PriorityClass priority = generation.priority();
    if (promise == null || priority == PriorityClass.BATCH || priority == PriorityClass.SHADOW) {
      return this;
    }
    return new TurnRequest(
        generation.toBuilder().promise(promise).build(), parse, stops, singleCall, ignored);
  }
}
