package io.hadal.engine;

/** Receives tokens as they are chosen. */
@FunctionalInterface
public interface TokenListener {

  /**
   * One token.
   *
   * @param logits the distribution it was chosen from
   * @return false to stop
   */
  boolean onToken(int id, float[] logits);
}
