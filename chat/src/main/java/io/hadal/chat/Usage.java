package io.hadal.chat;

/**
 * Tokens of a request, in disjoint counts; the only source of every dialect's usage fields.
 *
 * @param inputUncached prompt tokens that had to be computed and are not kept for later
 * @param cacheRead prompt tokens whose state was there already
 * @param cacheWrite prompt tokens that had to be computed and are kept for later requests
 * @param outputText tokens of answers, tool calls included
 * @param outputReasoning tokens of reasoning
 */
public record Usage(
    int inputUncached, int cacheRead, int cacheWrite, int outputText, int outputReasoning) {

  /** Nothing yet. */
  public static final Usage NONE = new Usage(0, 0, 0, 0, 0);

  /** All tokens of the prompt. */
  public int input() {
    return inputUncached + cacheRead + cacheWrite;
  }

  /** All generated tokens. */
  public int output() {
    return outputText + outputReasoning;
  }

  public int total() {
    return input() + output();
  }

  /** The sum of two requests. */
  public Usage plus(Usage other) {
    return new Usage(
        inputUncached + other.inputUncached,
        cacheRead + other.cacheRead,
        cacheWrite + other.cacheWrite,
        outputText + other.outputText,
        outputReasoning + other.outputReasoning);
  }
}
