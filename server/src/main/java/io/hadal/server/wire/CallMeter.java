package io.hadal.server.wire;

import io.hadal.chat.Usage;
import io.hadal.engine.serving.PriorityClass;
import io.hadal.platform.LimitState;
import io.hadal.platform.Refusal;
import io.hadal.platform.tenancy.Identity;
import io.hadal.platform.usage.Ending;
import io.hadal.platform.usage.Gate;
import io.hadal.platform.usage.Metered;
import io.hadal.platform.usage.Outcome;
import io.hadal.platform.usage.Quantities;
import io.hadal.platform.usage.Work;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Meters the turns of one call. Without a platform, or without a key, nothing is metered. */
public final class CallMeter {
  private final @Nullable Gate gate;
  private final @Nullable Identity identity;
  private @Nullable Metered running;
  private int attempts;
  private boolean admitted;
  private long cost;

  /**
   * A meter of a call.
   *
   * @param gate null to meter nothing
   * @param identity null to meter nothing
   */
  public CallMeter(@Nullable Gate gate, @Nullable Identity identity) {
    this.gate = gate;
    this.identity = identity;
  }

  /** Whose call it is; null when nobody said. */
  public @Nullable Identity identity() {
    return identity;
  }

  /** What lets its attempts begin; null when nobody asks. */
  public @Nullable Gate gate() {
    return gate;
  }

  /** Nano-USD of what has ended. */
  public long cost() {
    return cost;
  }

  /**
   * Begins a turn at a model of this process.
   *
   * @param version the model's version
   * @param alias its name as the client wrote it
   * @throws io.hadal.chat.Problem when it may not begin
   */
  void begin(Call call, String alias, String version, long promptTokens, long maxOutput) {
    if (gate == null || identity == null) {
      return;
    }
    attempts++;
    Work work =
        new Work(
            identity,
            call.requestId(),
            attempts,
            call.dialectName(),
            call.operation(),
            alias,
            version,
            "local",
            promptTokens,
            maxOutput,
            call.endUser(),
            call.sessionHash(),
            call.tags(),
            name(call.queue()));
    try {
      running = gate.admit(work);
    } catch (Refusal refusal) {
      tell(call, refusal.limits());
      throw Refusals.problem(refusal);
    }
    admitted = true;
    tell(call, running.limits());
  }

  /** A class as records and metrics have it; null for none. */
  public static @Nullable String name(@Nullable PriorityClass priority) {
    return priority == null ? null : priority.name().toLowerCase(Locale.ROOT);
  }

  /** Adds what an attempt at an upstream cost, nano-USD. */
  public void costs(long nano) {
    cost += nano;
  }

  /** Notes that an attempt has been admitted, here or at an upstream. */
  public void attempted() {
    admitted = true;
  }

  /** Whether an attempt has been admitted; another model would count its attempts anew. */
  public boolean hasAttempt() {
    return admitted;
  }

  /**
   * Says how far the turn has come.
   *
   * @return false when it must end, because a budget is used up
   */
  boolean produced(Usage usage) {
    Metered turn = running;
    return turn == null || turn.produced(quantities(usage));
  }

  /** Ends the turn; what it took is durable then. Without a turn, nothing happens. */
  void end(
      Usage usage,
      Outcome outcome,
      int status,
      Instant admitted,
      @Nullable Duration firstToken,
      @Nullable Duration queue,
      @Nullable Duration perToken) {
    Metered turn = running;
    if (turn == null) {
      return;
    }
    running = null;
    cost +=
        turn.end(
            Ending.local(
                quantities(usage),
                outcome,
                status,
                firstToken == null ? 0 : admitted.plus(firstToken).toEpochMilli(),
                queue == null ? 0 : queue.toMillis(),
                perToken == null ? 0 : perToken.toNanos() / 1000));
  }

  private static Quantities quantities(Usage usage) {
    return Quantities.tokens(
        usage.inputUncached(),
        usage.cacheRead(),
        usage.cacheWrite(),
        usage.outputText(),
        usage.outputReasoning());
  }

  /** The tightest limits, in the dialect's headers (api.md 1.4). */
  public static void tell(Call call, LimitState state) {
    boolean anthropic = call.dialect() == Dialect.ANTHROPIC;
    if (state.requests() >= 0) {
      header(
          call,
          anthropic,
          "requests",
          state.requests(),
          state.requestsLeft(),
          state.requestsResetMillis());
    }
    if (state.tokens() >= 0) {
      header(
          call, anthropic, "tokens", state.tokens(), state.tokensLeft(), state.tokensResetMillis());
    }
    if (anthropic) {
      tell(call, "input-tokens", state.input());
      tell(call, "output-tokens", state.output());
    }
  }

  private static void tell(Call call, String what, LimitState.Tokens tokens) {
    if (tokens.most() >= 0) {
      header(call, true, what, tokens.most(), tokens.left(), tokens.resetMillis());
    }
  }

  private static void header(
      Call call, boolean anthropic, String what, long limit, long left, long resetMillis) {
    String base = anthropic ? "anthropic-ratelimit-" + what + "-" : "x-ratelimit-";
    String end = anthropic ? "" : "-" + what;
    call.exchange().setHeader(base + "limit" + end, Long.toString(limit));
    call.exchange().setHeader(base + "remaining" + end, Long.toString(Math.max(0, left)));
    call.exchange()
        .setHeader(
            base + "reset" + end,
            anthropic
                ? Instant.ofEpochMilli(System.currentTimeMillis() + resetMillis).toString()
                : duration(resetMillis));
  }

  /** As Go writes durations: {@code 250ms}, {@code 1.5s}, {@code 6m0s}. */
  static String duration(long millis) {
    if (millis < 1000) {
      return millis + "ms";
    }
    long minutes = millis / 60_000;
    String seconds =
        millis % 1000 == 0
            ? Long.toString(millis / 1000 % 60)
            : Double.toString(millis % 60_000 / 1000.0);
    return minutes == 0 ? seconds + "s" : minutes + "m" + seconds + "s";
  }
}
