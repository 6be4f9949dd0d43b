package io.hadal.engine;

import java.util.Arrays;
import java.util.List;

/**
 * A text on its way to one vector: the mean of the final hidden states of its tokens, of length 1.
 * Experimental: models that were trained to predict the next token need not place texts of like
 * meaning close together. The vector does not depend on the pieces the text is taken in.
 */
public final class TextEmbedding implements AutoCloseable {
  private final Engine engine;
  private final int[] tokens;
  private final Session session;
  private double[] sum;
  private int done;

  /**
   * A text of which nothing is taken in yet.
   *
   * @throws IllegalArgumentException when there are no tokens
   * @throws io.hadal.model.cache.KvBudgetException when there is no room
   */
  public TextEmbedding(Engine engine, int[] tokens) {
    if (tokens.length == 0) {
      throw new IllegalArgumentException("no tokens given");
    }
    this.engine = engine;
    this.tokens = tokens.clone();
    this.session = engine.newSession();
    this.sum = new double[session.hiddenSize()];
  }

  /**
   * Takes more of the text in.
   *
   * @param most tokens at most
   * @return true when all of it is in
   * @throws IllegalArgumentException for an id outside the vocabulary or a text beyond the context
   * @throws io.hadal.model.cache.KvBudgetException when there is no room; it is as it was before
   */
  public boolean advance(int most) {
    int count = Math.min(most, tokens.length - done);
    if (count > 0) {
      Work work = Work.pool(session, Arrays.copyOfRange(tokens, done, done + count), sum);
      engine.run(List.of(work));
      sum = work.pooled();
      done += count;
    }
    return done == tokens.length;
  }

  /**
   * The vector {@code [hidden]}.
   *
   * @throws IllegalStateException unless all of the text is in
   */
  public float[] vector() {
    if (done < tokens.length) {
      throw new IllegalStateException(done + " of " + tokens.length + " tokens are in");
    }
    double square = 0;
    for (double v : sum) {
      square += v * v;
    }
    double scale = square == 0 ? 0 : 1 / Math.sqrt(square);
    float[] vector = new float[sum.length];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (float) (sum[i] * scale);
    }
    return vector;
  }

  @Override
  public void close() {
    session.close();
  }
}
