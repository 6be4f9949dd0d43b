package io.hadal.engine;

import io.hadal.engine.GenerationResult.Stop;
import io.hadal.engine.memory.OpenText;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Continues a session token by token, or two at a time when a guess of the drafter holds (spec
 * 5.3).
 */
public final class Generator {
  private final Engine engine;
  private final Session session;
  private final GenerationOptions options;
  private final Sampler sampler;
  private final List<Integer> out = new ArrayList<>();
  private int drafted;
  private int accepted;
  private final DraftPolicy policy = new DraftPolicy();
  private final @Nullable OpenText memory;

  public Generator(Engine engine, Session session, GenerationOptions options) {
    this(engine, session, options, null);
  }

  /**
   * A generator that listens to a project memory.
   *
   * @param memory the text that the session ends with; learns what is written
   */
  public Generator(
      Engine engine, Session session, GenerationOptions options, @Nullable OpenText memory) {
    this.memory = memory;
    this.engine = engine;
    this.session = session;
    this.options = options;
    this.sampler = new Sampler(options.sampling(), engine.model().config().imageId());
  }

  /** Runs to the end. The session then holds every reported token but the last. */
  public GenerationResult run(TokenListener listener) {
    long start = System.nanoTime();
    Stop stop = loop(listener);
    return new GenerationResult(out, stop, System.nanoTime() - start, drafted, accepted);
  }

  private Stop loop(TokenListener listener) {
    if (options.maxTokens() == 0) {
      return Stop.LENGTH;
    }
    int context = engine.options().context();
    boolean speculate = options.speculate() && engine.drafting();
    while (true) {
      int token = choose(session.logits(), session.length());
      Stop stop = report(listener, token, session.logits());
      if (stop != null) {
        return stop;
      }
      if (session.length() + 1 > context) {
        return Stop.CONTEXT;
      }
      int room = Math.min(context - session.length() - 1, options.maxTokens() - out.size() - 1);
      stop = null;
      if (speculate && room > 0) {
        stop = speculate(listener, token, room);
      } else {
        session.append(token);
      }
      if (stop != null) {
        return stop;
      }
    }
  }

  /** Verifies guesses in the step that takes the token in. */
  private @Nullable Stop speculate(TokenListener listener, int token, int room) {
    long start = System.nanoTime();
    Scheduler.Guess guess = engine.scheduler().propose(session, token);
    long proposed = System.nanoTime();
    int length = Math.min(room, policy.length(guess));
    int[] guesses = Arrays.copyOf(guess.tokens(), length);
    int first = session.length() + 1;
    Work work = Work.guess(session, token, guesses);
    engine.run(List.of(work));
    drafted += length;
    int right = 0;
    Stop stop = null;
    while (right < length) {
      float[] row = work.logits()[right];
      if (choose(row, first + right) != guesses[right]) {
        break;
      }
      accepted++;
      stop = report(listener, guesses[right], row);
      if (stop != null) {
        break;
      }
      right++;
    }
    if (right < length) {
      session.reject(length - right, work.logits()[right]);
    }
    policy.learn(length, right, proposed - start, System.nanoTime() - proposed);
    return stop;
  }

  private int choose(float[] logits, int position) {
    return sampler.sample(memory == null ? logits : memory.mix(logits), position);
  }

  private @Nullable Stop report(TokenListener listener, int token, float[] logits) {
    out.add(token);
    if (memory != null) {
      memory.accept(token);
    }
    boolean more = listener.onToken(token, logits);
    if (options.stopIds().contains(token)) {
      return Stop.STOP;
    }
    if (!more) {
      return Stop.CANCELLED;
    }
    return out.size() >= options.maxTokens() ? Stop.LENGTH : null;
  }
}
