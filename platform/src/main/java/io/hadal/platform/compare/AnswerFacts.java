package io.hadal.platform.compare;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An answer of a model in no dialect, for as long as it is looked at.
 *
 * @param text what it says, without its reasoning
 * @param calls calls of tools
 * @param finish {@code stop}, {@code length}, {@code tool_calls}, {@code refusal} or the upstream's
 *     own word; null when it has no end
 * @param declined true when the answer itself says that the model declined
 * @param inputTokens tokens of the prompt; 0 when unknown
 * @param cachedTokens those of them that were cached
 * @param outputTokens generated tokens; 0 when unknown
 */
public record AnswerFacts(
    String text,
    List<Call> calls,
    @Nullable String finish,
    boolean declined,
    long inputTokens,
    long cachedTokens,
    long outputTokens) {
  private static final int BEGINNING = 240;

  public AnswerFacts {
    calls = List.copyOf(calls);
  }

  /**
   * A call of a tool.
   *
   * @param arguments as the model wrote them, which may be no JSON
   */
  public record Call(String name, String arguments) {}

  /** True when the model declined to answer, as far as its words tell. */
  public boolean refused() {
    return declined
        || (calls.isEmpty()
            && Refusals.of(text.length() > BEGINNING ? text.substring(0, BEGINNING) : text));
  }

  /** Characters of text and arguments. */
  public long characters() {
    return text.length() + calls.stream().mapToLong(c -> c.arguments().length()).sum();
  }

  /** Without any content. */
  @Override
  public String toString() {
    return "AnswerFacts["
        + characters()
        + " characters, "
        + calls.size()
        + " calls, "
        + finish
        + "]";
  }
}
