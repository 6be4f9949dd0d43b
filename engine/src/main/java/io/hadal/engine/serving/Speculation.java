package io.hadal.engine.serving;

import io.hadal.engine.Engine;
import io.hadal.engine.Session;
import io.hadal.engine.draft.Chances;
import io.hadal.engine.draft.DraftPolicy;
import io.hadal.engine.draft.Guess;
import io.hadal.engine.draft.PromptLookup;
import io.hadal.model.cache.KvBudgetException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Guesses at the next tokens of running answers: those of the model's drafter, or without one what
 * the conversation went on with before. How many are verified follows from what they bring; which
 * tokens come does not depend on it.
 */
final class Speculation {
  private final Engine engine;
  private final DraftPolicy policy = new DraftPolicy();
  private long drafted;
  private long accepted;

  Speculation(Engine engine) {
    this.engine = engine;
  }

  /** Guesses for one answer. */
  static final class Track {
    private final Chances chances;
    private final @Nullable PromptLookup lookup;
    private int seen;

    Track(Chances chances, @Nullable PromptLookup lookup) {
      this.chances = chances;
      this.lookup = lookup;
    }
  }

  private Track track(Sequence s) {
    Track track = s.track;
    if (track == null) {
      track =
          new Track(
              policy.chances(),
              engine.drafting() ? null : new PromptLookup(s.turn.request.prompt()));
      s.track = track;
    }
    return track;
  }

  /**
   * Gives answers their guesses for the next step, which takes in one chosen token of each.
   *
   * @param room most guesses together
   */
  void propose(List<Sequence> answers, int room) {
    List<DraftPolicy.Candidate> candidates = new ArrayList<>();
    List<Sequence> guessed = new ArrayList<>();
    for (Sequence s : answers) {
      int most = most(s);
      Guess guess = most < 1 || room < 1 ? Guess.NONE : guess(s, answers.size());
      if (guess.tokens().length > 0) {
        candidates.add(new DraftPolicy.Candidate(guess, track(s).chances, most));
        guessed.add(s);
      }
    }
    int[] lengths = policy.lengths(candidates, answers.size() - guessed.size(), Math.max(0, room));
    for (int i = 0; i < lengths.length; i++) {
      guessed.get(i).guesses = Arrays.copyOf(candidates.get(i).guess().tokens(), lengths[i]);
    }
  }

  /** Guesses that an answer has room for; the token behind the last one needs none. */
  private int most(Sequence s) {
    Session session = s.session();
    int room =
        Math.min(
            engine.options().context() - session.length() - 1,
            s.turn.request.maxTokens() - s.answer.count() - 1);
    return Math.min(room, engine.mostGuesses());
  }

  private Guess guess(Sequence s, int answers) {
    Track track = track(s);
    if (track.lookup != null) {
      while (track.seen < s.answer.count()) {
        track.lookup.add(s.answer.token(track.seen++));
      }
      return track.lookup.guess(Chances.MOST);
    }
    if (!policy.asks(track.chances, answers)) {
      return Guess.NONE;
    }
    long start = System.nanoTime();
    try {
      return engine.guess(s.session(), s.answer.token(s.answer.count() - 1));
    } catch (KvBudgetException e) {
      return Guess.NONE;
    } finally {
      policy.asked(System.nanoTime() - start);
    }
  }

  /** Learns what became of an answer's guesses. */
  void learn(Sequence s, int guesses, int right) {
    policy.learn(track(s).chances, guesses, right);
    drafted += guesses;
    accepted += right;
  }

  /** Learns from a step of answers alone. */
  void learn(int rows, long nanos) {
    policy.learn(rows, nanos);
  }

  long drafted() {
    return drafted;
  }

  long accepted() {
    return accepted;
  }
}
