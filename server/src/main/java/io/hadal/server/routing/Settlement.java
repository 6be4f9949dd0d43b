package io.hadal.server.routing;

import io.hadal.platform.money.PriceSnapshot;
import io.hadal.platform.usage.Ending;
import io.hadal.platform.usage.Metered;
import io.hadal.platform.usage.Outcome;
import io.hadal.platform.usage.Quantities;
import io.hadal.server.routing.usage.UsageReader;
import io.hadal.server.wire.Call;
import io.hadal.server.wire.ForeignWords;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Ends the record of one attempt, whatever became of it (platform specification, 2.5). */
final class Settlement {
  /** Status in records of a client that went away. */
  private static final int CLIENT_CLOSED = 499;

  /** Tokens between two looks at the budget. */
  private static final long LOOK_TOKENS = 16;

  private final Call call;
  private final Candidate candidate;
  private final Metered metered;
  private final UsageReader usage;
  private final long prompt;
  private final LongSupplier clock;
  private final long started = System.nanoTime();
  private long firstNanos;
  private long firstMillis;
  private long looked;
  private boolean over;
  private Runnable durable = () -> {};
  private @Nullable String upstreamId;

  Settlement(
      Call call,
      Candidate candidate,
      Metered metered,
      UsageReader usage,
      long prompt,
      LongSupplier clock) {
    this.call = call;
    this.candidate = candidate;
    this.metered = metered;
    this.usage = usage;
    this.prompt = prompt;
    this.clock = clock;
  }

  /** The upstream's id of the request; what is no id is left out. */
  void upstreamId(@Nullable String id) {
    upstreamId = id != null && ForeignWords.isId(id) ? id : null;
  }

  /** The first content has come. */
  void first() {
    if (firstNanos == 0) {
      firstNanos = System.nanoTime();
      firstMillis = clock.getAsLong();
    }
  }

  boolean begun() {
    return firstNanos != 0;
  }

  /** False when the budget is used up. */
  boolean mayGoOn() {
    long produced = usage.produced();
    if (produced - looked < LOOK_TOKENS) {
      return true;
    }
    looked = produced;
    return metered.produced(usage.soFar(prompt));
  }

  /** The answer is complete; {@link #durable} has to follow before the client sees its end. */
  void complete(int status) {
    first();
    Quantities took = usage.quantities(prompt, usage.known());
    begin(usage.cutAtLength() ? Outcome.LENGTH : Outcome.COMPLETED, status, took, !usage.known());
    candidate.lane().succeeded(firstNanos - started);
    candidate.lane().measured(firstNanos - started, System.nanoTime() - started, took);
  }

  /** Waits until what the answer took is on the device. */
  void durable() {
    Runnable waiting = durable;
    durable = () -> {};
    waiting.run();
  }

  /** The attempt failed before anything came of it. */
  void failed(Failure failure) {
    end(Outcome.UPSTREAM_ERROR, failure.status(), Quantities.NONE, false);
    if (failure.ofUpstream()) {
      candidate.lane().failed(System.nanoTime() - started);
    } else if (failure.ofKey() || failure.status() == 429) {
      candidate.lane().release();
    } else {
      candidate.lane().succeeded(System.nanoTime() - started);
    }
  }

  /** The upstream's stream broke off, or told of an error, behind its first token. */
  void cut(int status) {
    partly(Outcome.UPSTREAM_CUT, status);
    candidate.lane().failed(System.nanoTime() - started);
  }

  /** This server goes down in the middle of the upstream's stream. */
  void drained(int status) {
    partly(Outcome.DRAINED, status);
    candidate.lane().release();
  }

  /** The client has gone away. */
  void left() {
    if (over) {
      return;
    }
    if (begun()) {
      partly(Outcome.CLIENT_LEFT, CLIENT_CLOSED);
    } else {
      end(Outcome.CLIENT_LEFT_QUEUED, CLIENT_CLOSED, Quantities.NONE, false);
    }
    candidate.lane().release();
  }

  /** The budget ended the answer. */
  void exhausted(int status) {
    partly(Outcome.BUDGET_EXHAUSTED, status);
    candidate.lane().succeeded(firstNanos - started);
  }

  /** Something of ours went wrong. */
  void error() {
    if (!over) {
      end(Outcome.ERROR, 500, Quantities.NONE, false);
      candidate.lane().release();
    }
  }

  private void partly(Outcome outcome, int status) {
    boolean exact = usage.known() && usage.finish() != null;
    end(outcome, status, usage.quantities(prompt, exact), !exact);
  }

  private void end(Outcome outcome, int status, Quantities took, boolean estimated) {
    begin(outcome, status, took, estimated);
    durable();
  }

  private void begin(Outcome outcome, int status, Quantities took, boolean estimated) {
    if (over) {
      return;
    }
    over = true;
    long now = System.nanoTime();
    long perToken =
        firstNanos == 0 || took.output() < 2 ? 0 : (now - firstNanos) / 1000 / (took.output() - 1);
    PriceSnapshot prices = candidate.model().prices();
    boolean any = !took.equals(Quantities.NONE);
    durable =
        metered.ending(
            new Ending(
                took,
                outcome,
                status,
                estimated,
                firstMillis,
                0,
                perToken,
                prices == null || !any ? null : prices.cost(took),
                upstreamId));
    call.meter().costs(metered.cost());
    String finish = usage.finish();
    if (finish != null && ForeignWords.isReason(finish)) {
      call.finished(finish);
    }
    if (usage.id() != null && call.answerId() == null) {
      call.answerId(usage.id());
    }
    if (any) {
      call.usage(Conversion.usage(took));
      call.times(
          null,
          firstNanos == 0 ? null : Duration.ofNanos(firstNanos - started),
          perToken == 0 ? null : Duration.ofNanos(perToken * 1000));
    }
  }
}
