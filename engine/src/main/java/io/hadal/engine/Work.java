package io.hadal.engine;

import org.jspecify.annotations.Nullable;

/** Tokens that a session shall take in; the scheduler fills in the results. */
public final class Work {
  private enum Kind {
    PLAIN,
    GUESS,
    ENCODE,
    POOL
  }

  private final Session session;
  private final int[] tokens;
  private final boolean allLogits;
  private final Kind kind;
  private float[][] logits = new float[0][];
  private final double[] sum;
  private double[] pooled = new double[0];
  private int done;
  private int lengthBefore;
  private float @Nullable [] logitsBefore;

  /**
   * New work.
   *
   * @param allLogits true for the logits behind every token, false for those behind the last
   */
  public Work(Session session, int[] tokens, boolean allLogits) {
    this(session, tokens, allLogits, Kind.PLAIN);
  }

  private Work(Session session, int[] tokens, boolean allLogits, Kind kind) {
    this(session, tokens, allLogits, kind, new double[0]);
  }

  private Work(Session session, int[] tokens, boolean allLogits, Kind kind, double[] sum) {
    this.session = session;
    this.tokens = tokens.clone();
    this.allLogits = allLogits;
    this.kind = kind;
    this.sum = sum;
  }

  /**
   * A token and the guesses behind it, with the logits behind each. Guesses that turn out wrong
   * have to be {@linkplain Session#reject taken back}.
   */
  public static Work guess(Session session, int token, int[] guesses) {
    if (guesses.length > session.engine().mostGuesses()) {
      throw new IllegalArgumentException(
          guesses.length + " guesses; " + session.engine().mostGuesses() + " can be taken back");
    }
    int[] all = new int[guesses.length + 1];
    all[0] = token;
    System.arraycopy(guesses, 0, all, 1, guesses.length);
    return new Work(session, all, true, Kind.GUESS);
  }

  /** Tokens that only the encoder takes in; without logits. */
  static Work encode(Session session, int[] tokens) {
    return new Work(session, tokens, false, Kind.ENCODE);
  }

  /** Tokens whose final hidden states are added to a sum {@code [hidden]}; without logits. */
  static Work pool(Session session, int[] tokens, double[] sum) {
    return new Work(session, tokens, false, Kind.POOL, sum);
  }

  public Session session() {
    return session;
  }

  /** Logits by token, or of the last token alone; complete when the run has returned. */
  public float[][] logits() {
    return logits;
  }

  /** Number of tokens to take in. */
  public int tokenCount() {
    return tokens.length;
  }

  int[] tokens() {
    return tokens;
  }

  boolean allLogits() {
    return allLogits;
  }

  boolean isGuess() {
    return kind == Kind.GUESS;
  }

  boolean isEncoding() {
    return kind == Kind.ENCODE;
  }

  boolean isPooling() {
    return kind == Kind.POOL;
  }

  /** The sum with these tokens, added in their order; complete when the run has returned. */
  double[] pooled() {
    return pooled;
  }

  /** Adds the next row {@code [hidden]}. */
  void pool(float[] rows, int row) {
    for (int i = 0; i < pooled.length; i++) {
      pooled[i] += rows[row * pooled.length + i];
    }
  }

  int done() {
    return done;
  }

  int remaining() {
    return tokens.length - done;
  }

  void begin() {
    done = 0;
    lengthBefore = session.length();
    logitsBefore = session.lastLogits();
    logits = new float[allLogits ? tokens.length : 1][];
    pooled = sum.clone();
  }

  void advance(int count) {
    done += count;
  }

  /** Undoes a run that failed: the session is as it was before. */
  void takeBack() {
    session.takeBack(lengthBefore, logitsBefore);
  }
}
