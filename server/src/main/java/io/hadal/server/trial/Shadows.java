package io.hadal.server.trial;

import io.hadal.platform.compare.AnswerFacts;
import io.hadal.platform.compare.AnswerReader;
import io.hadal.platform.compare.Expectation;
import io.hadal.platform.compare.Pairs;
import io.hadal.platform.registry.Resolution;
import io.hadal.platform.rollout.Comparison;
import io.hadal.platform.rollout.Observation;
import io.hadal.platform.rollout.Rollout;
import io.hadal.platform.rollout.Rollouts;
import io.hadal.platform.tenancy.Identity;
import io.micrometer.core.instrument.MeterRegistry;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Sends copies of answered requests to candidates, compares the answers and forgets them (platform
 * specification, 2.7). A full queue drops copies and counts them: copies never slow down requests.
 */
public final class Shadows implements AutoCloseable {
  private static final int MOST_WAITING = 64;
  private static final long MOST_BYTES = 64L << 20;
  private static final int SENDERS = 2;
  private static final Duration PATIENCE = Duration.ofMinutes(10);
  private static final System.Logger LOG = System.getLogger("hadal.server");

  private final Rollouts rollouts;
  private final InnerCalls calls;
  private final Function<String, Resolution> versions;
  private final MeterRegistry meters;
  private final BlockingQueue<ShadowCopy> waiting = new ArrayBlockingQueue<>(MOST_WAITING);
  private final AtomicLong bytes = new AtomicLong();

  /** Copies of a rollout that were dropped, until a comparison takes them along. */
  private final Map<String, LongAdder> dropped = new ConcurrentHashMap<>();

  private volatile boolean closed;

  /**
   * Begins to send.
   *
   * @param versions what runs a version
   */
  public Shadows(
      Rollouts rollouts,
      InnerCalls calls,
      Function<String, Resolution> versions,
      MeterRegistry meters) {
    this.rollouts = rollouts;
    this.calls = calls;
    this.versions = versions;
    this.meters = meters;
    for (int i = 0; i < SENDERS; i++) {
      Thread.ofVirtual().name("hadal-shadow-", i).start(this::send);
    }
  }

  /** Takes a copy, or drops it. */
  void offer(ShadowCopy copy) {
    long size = copy.bytes();
    boolean room = bytes.addAndGet(size) <= MOST_BYTES;
    if (closed || !room || !waiting.offer(copy)) {
      bytes.addAndGet(-size);
      dropped.computeIfAbsent(copy.rollout(), r -> new LongAdder()).increment();
      count("dropped");
    }
  }

  private void count(String result) {
    meters.counter("llm_shadow_copies_total", "result", result).increment();
  }

  private void send() {
    while (!closed) {
      ShadowCopy copy = null;
      try {
        copy = waiting.poll(200, TimeUnit.MILLISECONDS);
        if (copy != null) {
          count(compare(copy) ? "compared" : "failed");
        }
      } catch (InterruptedException e) {
        return;
      } catch (RuntimeException e) {
        // The database may be away, or the rollout over; class names say enough.
        LOG.log(Level.WARNING, "a copy for comparison failed: " + e.getClass().getSimpleName());
        count("failed");
      } finally {
        if (copy != null) {
          bytes.addAndGet(-copy.bytes());
        }
      }
    }
  }

  /** False when the candidate gave no answer, or could not be asked at all. */
  private boolean compare(ShadowCopy copy) {
    byte[] body = copy.body();
    boolean running =
        rollouts.find(copy.rollout()).filter(r -> r.state() == Rollout.State.RUNNING).isPresent();
    if (body == null || !running) {
      return false;
    }
    InnerCalls.Reply reply =
        calls.ask(
            new InnerCalls.Order(
                copy.operation(),
                body,
                versions.apply(copy.candidate()),
                copy.identity(),
                copy.headers(),
                PATIENCE));
    Expectation expected = Expectation.of(copy.request());
    AnswerFacts candidate = reply.complete() ? AnswerReader.read(reply.body()) : null;
    byte[] answer = copy.baseline();
    Comparison pair =
        Pairs.of(
            expected,
            answer == null ? null : AnswerReader.read(answer),
            copy.baselineMillis(),
            candidate,
            reply.millis());
    LongAdder lost = dropped.remove(copy.rollout());
    if (lost != null) {
      rollouts.compare(copy.rollout(), Comparison.dropped(lost.sum()));
    }
    rollouts.compare(copy.rollout(), pair);
    // Copies come last, so that their times say nothing.
    rollouts.observe(
        copy.rollout(),
        copy.candidate(),
        candidate == null ? Observation.failure() : Pairs.observation(expected, candidate, -1, -1));
    return candidate != null;
  }

  /**
   * Copies a request that was answered.
   *
   * @param answer null when there was none
   * @param millis time it took
   */
  public void copy(
      AnswerTap tap,
      String rollout,
      String candidate,
      Identity identity,
      byte @Nullable [] answer,
      long millis) {
    offer(
        new ShadowCopy(
            rollout,
            candidate,
            tap.operation(),
            tap.request(),
            identity,
            ShadowCopy.headers(tap),
            answer,
            millis));
  }

  @Override
  public void close() {
    closed = true;
    waiting.clear();
  }
}
