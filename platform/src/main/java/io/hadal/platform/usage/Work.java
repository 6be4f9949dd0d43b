package io.hadal.platform.usage;

import io.hadal.platform.tenancy.Identity;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An attempt at a request, before it begins.
 *
 * @param requestId id of the request; attempts at it count from 1
 * @param dialect the client's, such as {@code openai}
 * @param operation what is asked for, such as {@code chat}
 * @param alias name of the model as the client wrote it
 * @param modelVersion version that answers, such as {@code hadal-nano@2026-11-24}
 * @param backend what runs it: {@code local} or the name of an upstream
 * @param promptTokens length of the prompt, exact where the model is local
 * @param maxOutput most tokens of the answer
 * @param endUser hash of the end user; null for none
 * @param session hash of the session; null for none
 * @param tags tags for the costs
 * @param priority class in which it is scheduled, such as {@code agent}; null where none is
 * @param ahead what money is held for from the beginning, beside the prompt and the first tokens
 */
public record Work(
    Identity identity,
    String requestId,
    int attempt,
    String dialect,
    String operation,
    String alias,
    String modelVersion,
    String backend,
    long promptTokens,
    long maxOutput,
    @Nullable String endUser,
    @Nullable String session,
    Map<String, String> tags,
    @Nullable String priority,
    Ahead ahead) {
  /**
   * What is known of an answer that does not come token by token.
   *
   * @param prompt tokens that a prompt nobody has counted cannot have more of; 0 when it is counted
   * @param tokens tokens of an answer that comes as a whole, at most
   * @param least of these, what has to be paid for in any case; more where there is money for it
   * @param images images that are asked for
   * @param seconds seconds of video or sound
   */
  public record Ahead(long prompt, long tokens, long least, long images, long seconds) {
    /** The prompt is counted, and the answer comes token by token. */
    public static final Ahead NONE = new Ahead(0, 0, 0, 0, 0);

    /** Ahead of an answer whose length somebody said, behind a counted prompt. */
    public Ahead(long tokens, long images, long seconds) {
      this(0, tokens, tokens, images, seconds);
    }
  }

  public Work {
    tags = Map.copyOf(tags);
  }

  /** An attempt whose answer comes token by token. */
  public Work(
      Identity identity,
      String requestId,
      int attempt,
      String dialect,
      String operation,
      String alias,
      String modelVersion,
      String backend,
      long promptTokens,
      long maxOutput,
      @Nullable String endUser,
      @Nullable String session,
      Map<String, String> tags,
      @Nullable String priority) {
    this(
        identity,
        requestId,
        attempt,
        dialect,
        operation,
        alias,
        modelVersion,
        backend,
        promptTokens,
        maxOutput,
        endUser,
        session,
        tags,
        priority,
        Ahead.NONE);
  }

  /** The same in a class. */
  public Work withPriority(@Nullable String name) {
    return with(attempt, name, ahead);
  }

  /** The same with money held for more. */
  public Work withAhead(Ahead more) {
    return with(attempt, priority, more);
  }

  /** The same as another attempt. */
  public Work withAttempt(int number) {
    return with(number, priority, ahead);
  }

  private Work with(int number, @Nullable String name, Ahead more) {
    return new Work(
        identity,
        requestId,
        number,
        dialect,
        operation,
        alias,
        modelVersion,
        backend,
        promptTokens,
        maxOutput,
        endUser,
        session,
        tags,
        name,
        more);
  }
}
