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
    @Nullable String priority) {
  public Work {
    tags = Map.copyOf(tags);
  }

  /** The same in a class. */
  public Work withPriority(@Nullable String name) {
    return with(attempt, name);
  }

  /** The same as another attempt. */
  public Work withAttempt(int number) {
    return with(number, priority);
  }

  private Work with(int number, @Nullable String name) {
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
        name);
  }
}
