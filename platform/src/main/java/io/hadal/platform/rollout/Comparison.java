package io.hadal.platform.rollout;

/**
 * How a candidate's answer to a copy compares with the baseline's. Sums of many are of the same
 * shape.
 *
 * @param compared pairs of answers
 * @param sameText pairs with the same text
 * @param sameFinish pairs that ended for the same reason
 * @param sameCalls pairs with calls of the same tools with the same arguments, or both without
 * @param dropped copies that were not sent because too many were waiting
 */
public record Comparison(
    long compared,
    long sameText,
    long sameFinish,
    long sameCalls,
    long dropped,
    Side baseline,
    Side candidate) {
  public static final Comparison NONE = new Comparison(0, 0, 0, 0, 0, Side.NONE, Side.NONE);

  /**
   * One side of pairs.
   *
   * @param failed requests without an answer
   * @param tokens generated tokens
   * @param millis time from request to last token
   * @param characters of texts and arguments
   * @param calls answers that called tools, or should have
   * @param goodCalls those of them whose calls could be read
   * @param schemas answers that had a schema to follow
   * @param goodSchemas those of them that followed it
   */
  public record Side(
      long failed,
      long tokens,
      long millis,
      long characters,
      long calls,
      long goodCalls,
      long schemas,
      long goodSchemas) {
    public static final Side NONE = new Side(0, 0, 0, 0, 0, 0, 0, 0);
  }

  /** Copies that were dropped. */
  public static Comparison dropped(long copies) {
    return new Comparison(0, 0, 0, 0, copies, Side.NONE, Side.NONE);
  }
}
