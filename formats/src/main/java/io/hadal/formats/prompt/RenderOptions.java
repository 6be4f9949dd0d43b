package io.hadal.formats.prompt;

import java.util.List;

/**
 * How a conversation is rendered.
 *
 * @param context earlier messages whose rendering is already in the model's cache; they steer the
 *     rendering but are not printed, and no begin-of-sentence token is written after them
 * @param dropThinking leaves out reasoning of turns before the last user turn, unless tools are
 *     offered
 * @param addBos writes the begin-of-sentence token
 */
public record RenderOptions(
    ThinkingMode mode,
    List<Message> context,
    boolean dropThinking,
    boolean addBos,
    ReasoningEffort effort) {

  public RenderOptions {
    context = List.copyOf(context);
  }

  /** The reference defaults: no context, reasoning dropped, BOS written, default effort. */
  public static RenderOptions of(ThinkingMode mode) {
    return new RenderOptions(mode, List.of(), true, true, ReasoningEffort.DEFAULT);
  }

  public RenderOptions withContext(List<Message> value) {
    return new RenderOptions(mode, value, dropThinking, addBos, effort);
  }

  public RenderOptions withDropThinking(boolean value) {
    return new RenderOptions(mode, context, value, addBos, effort);
  }

  public RenderOptions withAddBos(boolean value) {
    return new RenderOptions(mode, context, dropThinking, value, effort);
  }

  public RenderOptions withEffort(ReasoningEffort value) {
    return new RenderOptions(mode, context, dropThinking, addBos, value);
  }
}
