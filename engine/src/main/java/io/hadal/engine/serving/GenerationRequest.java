package io.hadal.engine.serving;

import io.hadal.engine.SamplingOptions;
import io.hadal.engine.constraint.TokenConstraint;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Answers to one prompt. Seed, prompt and options decide the tokens; what else runs does not.
 *
 * @param prompt ids, at least one; not copied and not to be changed
 * @param maxTokens most tokens of each answer, from 1; the context may end it earlier
 * @param sampling how tokens are chosen; answer i takes seed + i
 * @param stopIds tokens that end an answer
 * @param topLogprobs likely tokens to report with each token, 0..1000; -1 to report no
 *     probabilities at all, which is faster
 * @param constraint what answers must follow, in its first state; null for nothing
 * @param priority class
 * @param tenant whose request this is: tenants of a class get equal shares
 * @param cacheKey prompts are reused among requests of the same key only; null to neither use nor
 *     fill the cache
 * @param timeLimit from submission to the last token; null for none
 * @param choices answers, 1..128; they share the work on the prompt
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody; prompts are long
public record GenerationRequest(
    int[] prompt,
    int maxTokens,
    SamplingOptions sampling,
    Set<Integer> stopIds,
    int topLogprobs,
    @Nullable TokenConstraint constraint,
    PriorityClass priority,
    String tenant,
    @Nullable String cacheKey,
    @Nullable Duration timeLimit,
    int choices) {

  public GenerationRequest {
    if (prompt.length == 0) {
      throw new IllegalArgumentException("the prompt has no tokens");
    }
    if (maxTokens < 1) {
      throw new IllegalArgumentException("max tokens must be positive, not " + maxTokens);
    }
    if (topLogprobs < -1 || topLogprobs > 1000) {
      throw new IllegalArgumentException("top logprobs must be 0..1000, not " + topLogprobs);
    }
    if (choices < 1 || choices > 128) {
      throw new IllegalArgumentException("choices must be 1..128, not " + choices);
    }
    if (timeLimit != null && (timeLimit.isNegative() || timeLimit.isZero())) {
      throw new IllegalArgumentException("the time limit must be positive");
    }
    stopIds = Set.copyOf(stopIds);
  }

  /** The most likely answer, interactive, for one tenant, with the cache of that tenant. */
  public static GenerationRequest of(int[] prompt, int maxTokens, String tenant) {
    return new GenerationRequest(
        prompt,
        maxTokens,
        SamplingOptions.greedy(),
        Set.of(),
        -1,
        null,
        PriorityClass.INTERACTIVE,
        tenant,
        tenant,
        null,
        1);
  }

  public GenerationRequest withSampling(SamplingOptions options) {
    return new GenerationRequest(
        prompt,
        maxTokens,
        options,
        stopIds,
        topLogprobs,
        constraint,
        priority,
        tenant,
        cacheKey,
        timeLimit,
        choices);
  }

  public GenerationRequest withStopIds(Set<Integer> ids) {
    return new GenerationRequest(
        prompt,
        maxTokens,
        sampling,
        ids,
        topLogprobs,
        constraint,
        priority,
        tenant,
        cacheKey,
        timeLimit,
        choices);
  }

  public GenerationRequest withTopLogprobs(int count) {
    return new GenerationRequest(
        prompt,
        maxTokens,
        sampling,
        stopIds,
        count,
        constraint,
        priority,
        tenant,
        cacheKey,
        timeLimit,
        choices);
  }

  public GenerationRequest withConstraint(@Nullable TokenConstraint first) {
    return new GenerationRequest(
        prompt,
        maxTokens,
        sampling,
        stopIds,
        topLogprobs,
        first,
        priority,
        tenant,
        cacheKey,
        timeLimit,
        choices);
  }

  public GenerationRequest withPriority(PriorityClass to) {
    return new GenerationRequest(
        prompt,
        maxTokens,
        sampling,
        stopIds,
        topLogprobs,
        constraint,
        to,
        tenant,
        cacheKey,
        timeLimit,
        choices);
  }

  public GenerationRequest withCacheKey(@Nullable String key) {
    return new GenerationRequest(
        prompt,
        maxTokens,
        sampling,
        stopIds,
        topLogprobs,
        constraint,
        priority,
        tenant,
        key,
        timeLimit,
        choices);
  }

  public GenerationRequest withTimeLimit(@Nullable Duration limit) {
    return new GenerationRequest(
        prompt,
        maxTokens,
        sampling,
        stopIds,
        topLogprobs,
        constraint,
        priority,
        tenant,
        cacheKey,
        limit,
        choices);
  }

  public GenerationRequest withChoices(int count) {
    return new GenerationRequest(
        prompt,
        maxTokens,
        sampling,
        stopIds,
        topLogprobs,
        constraint,
        priority,
        tenant,
        cacheKey,
        timeLimit,
        count);
  }
}
