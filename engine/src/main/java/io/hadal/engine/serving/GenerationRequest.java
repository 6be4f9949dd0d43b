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
 * @param promise how soon the first token should come; null for no promise
 * @param prefixLimits what the tenant may retain; null for no bounds of its own
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
    int choices,
    @Nullable FirstTokenPromise promise,
    @Nullable PrefixLimits prefixLimits) {

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

  /**
   * The most likely answer, interactive, for one tenant, with the cache of that tenant.
   *
   * @see #toBuilder to ask for something else
   */
  public static GenerationRequest of(int[] prompt, int maxTokens, String tenant) {
    return new Builder(prompt, maxTokens, tenant).build();
  }

  /** A builder that starts with this request. */
  public Builder toBuilder() {
    Builder builder = new Builder(prompt, maxTokens, tenant);
    builder.sampling = sampling;
    builder.stopIds = stopIds;
    builder.topLogprobs = topLogprobs;
    builder.constraint = constraint;
    builder.priority = priority;
    builder.cacheKey = cacheKey;
    builder.timeLimit = timeLimit;
    builder.choices = choices;
    builder.promise = promise;
    builder.prefixLimits = prefixLimits;
    return builder;
  }

  /** Collects what a request asks for; the fields are those of the record. */
  public static final class Builder {
    private final int[] prompt;
    private final int maxTokens;
    private final String tenant;
    private SamplingOptions sampling = SamplingOptions.greedy();
    private Set<Integer> stopIds = Set.of();
    private int topLogprobs = -1;
    private @Nullable TokenConstraint constraint;
    private PriorityClass priority = PriorityClass.INTERACTIVE;
    private @Nullable String cacheKey;
    private @Nullable Duration timeLimit;
    private int choices = 1;
    private @Nullable FirstTokenPromise promise;
    private @Nullable PrefixLimits prefixLimits;

    /** A request for the most likely answer; prompts are reused within the tenant. */
    public Builder(int[] prompt, int maxTokens, String tenant) {
      this.prompt = prompt;
      this.maxTokens = maxTokens;
      this.tenant = tenant;
      this.cacheKey = tenant;
    }

    public Builder sampling(SamplingOptions value) {
      sampling = value;
      return this;
    }

    public Builder stopIds(Set<Integer> value) {
      stopIds = value;
      return this;
    }

    public Builder topLogprobs(int value) {
      topLogprobs = value;
      return this;
    }

    public Builder constraint(@Nullable TokenConstraint value) {
      constraint = value;
      return this;
    }

    public Builder priority(PriorityClass value) {
      priority = value;
      return this;
    }

    public Builder cacheKey(@Nullable String value) {
      cacheKey = value;
      return this;
    }

    public Builder timeLimit(@Nullable Duration value) {
      timeLimit = value;
      return this;
    }

    public Builder choices(int value) {
      choices = value;
      return this;
    }

    public Builder prefixLimits(@Nullable PrefixLimits value) {
      prefixLimits = value;
      return this;
    }

    public Builder promise(@Nullable FirstTokenPromise value) {
      promise = value;
      return this;
    }

    /**
     * The request.
     *
     * @throws IllegalArgumentException when a field is out of its range
     */
    public GenerationRequest build() {
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
          choices,
          promise,
          prefixLimits);
    }
  }
}
