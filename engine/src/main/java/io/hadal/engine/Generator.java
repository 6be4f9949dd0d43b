package io.hadal.engine;

import io.hadal.engine.GenerationResult.Stop;
import io.hadal.engine.draft.Chances;
import io.hadal.engine.draft.DraftPolicy;
import io.hadal.engine.draft.Guess;
import io.hadal.engine.draft.PromptLookup;
import io.hadal.engine.memory.OpenText;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Continues a session token by token, or several at a time when guesses hold: those of the drafter
 * (spec 5.3), or without one what the text went on with before.
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
  private final Chances chances = policy.chances();
  private final @Nullable PromptLookup lookup;
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
    this.lookup =
        options.speculate() && !engine.drafting() ? new PromptLookup(session.tokens()) : null;
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
      room = Math.min(room, engine.mostGuesses());
      stop = null;
      if (options.speculate() && room > 0) {
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
    int[] guesses = guesses(token, room);
    int length = guesses.length;
    int first = session.length() + 1;
    long start = System.nanoTime();
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
    policy.learn(chances, length, right);
    policy.learn(1 + length, System.nanoTime() - start);
    return stop;
  }

  /** Guesses behind a token that are worth a look; a drafter gives one at least. */
  private int[] guesses(int token, int room) {
    Guess guess;
    if (lookup == null) {
      guess = engine.guess(session, token);
    } else {
      guess = lookup.guess(room);
    }
    DraftPolicy.Candidate candidate = new DraftPolicy.Candidate(guess, chances, room);
    int most = Math.min(room, engine.options().stepTokens() - 1);
    int length = policy.lengths(List.of(candidate), 0, most)[0];
    int least = lookup == null ? Math.min(most, guess.tokens().length) : 0;
    return Arrays.copyOf(guess.tokens(), Math.max(length, Math.min(1, least)));
  }

  private int choose(float[] logits, int position) {
    return sampler.sample(memory == null ? logits : memory.mix(logits), position);
  }

  private @Nullable Stop report(TokenListener listener, int token, float[] logits) {
    out.add(token);
    if (lookup != null) {
      lookup.add(token);
    }
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
