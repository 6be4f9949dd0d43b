package io.hadal.engine.serving;

import io.hadal.engine.Session;
import io.hadal.engine.Work;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One answer on its way. Its session may be behind: then the missing tokens, of the prompt or of
 * the answer itself, are taken in first. So a session can be thrown away and made again.
 */
final class Sequence implements AutoCloseable {
  private static final int[] NONE = {};

  final Turn turn;
  final Answer answer;
  private @Nullable Session session;

  /** True while its state is read from disk. */
  boolean loading;

  /** True when there was no memory for a state from disk. */
  boolean fileFailed;

  /** Tokens that the next step takes in on trial, behind the missing one. */
  int[] guesses = NONE;

  Speculation.@Nullable Track track;

  Sequence(Turn turn, Answer answer, @Nullable Session session) {
    this.turn = turn;
    this.answer = answer;
    this.session = session;
  }

  boolean hasSession() {
    return session != null;
  }

  Session session() {
    return Objects.requireNonNull(session);
  }

  void open(Session fresh) {
    session = fresh;
  }

  /** Gives the session away. */
  Session release() {
    Session released = session();
    session = null;
    return released;
  }

  /** Tokens that the session still has to take in before there is something to choose from. */
  int missing() {
    int taken = session == null ? 0 : session.length();
    return turn.request.prompt().length + answer.count() - taken;
  }

  /** The next missing tokens. */
  int[] next(int count) {
    return tokens(session().length(), count);
  }

  /** What the next step takes in: tokens that are missing, and guesses. */
  Work work(int count) {
    return guesses.length == 0
        ? new Work(session(), next(count), false)
        : Work.guess(session(), next(1)[0], guesses);
  }

  /** The guesses of the step before; there are none now. */
  int[] takeGuesses() {
    int[] taken = guesses;
    guesses = NONE;
    return taken;
  }

  /** All tokens so far. */
  int[] tokens() {
    return tokens(0, turn.request.prompt().length + answer.count());
  }

  private int[] tokens(int from, int count) {
    int[] prompt = turn.request.prompt();
    int[] tokens = new int[count];
    for (int i = 0; i < count; i++) {
      int at = from + i;
      tokens[i] = at < prompt.length ? prompt[at] : answer.token(at - prompt.length);
    }
    return tokens;
  }

  /** Gives the memory back. */
  @Override
  public void close() {
    if (session != null) {
      session.close();
      session = null;
    }
  }
}
