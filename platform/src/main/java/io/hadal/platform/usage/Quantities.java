package io.hadal.platform.usage;

/**
 * What a request took, in disjoint counts.
 *
 * @param inputUncached prompt tokens computed and not kept
 * @param cacheRead prompt tokens whose state was there already
 * @param cacheWrite prompt tokens computed and kept
 * @param outputText tokens of answers
 * @param outputReasoning tokens of reasoning
 * @param images images
 * @param seconds seconds of video or sound
 */
public record Quantities(
    long inputUncached,
    long cacheRead,
    long cacheWrite,
    long outputText,
    long outputReasoning,
    long images,
    long seconds) {
  public static final Quantities NONE = new Quantities(0, 0, 0, 0, 0, 0, 0);

  /** Tokens only. */
  public static Quantities tokens(
      long inputUncached, long cacheRead, long cacheWrite, long outputText, long reasoning) {
    return new Quantities(inputUncached, cacheRead, cacheWrite, outputText, reasoning, 0, 0);
  }

  /** All tokens of the prompt. */
  public long input() {
    return inputUncached + cacheRead + cacheWrite;
  }

  /** All generated tokens. */
  public long output() {
    return outputText + outputReasoning;
  }
}
