package io.hadal.platform.rollout;

/**
 * How a candidate's answer to a copy compares with the baseline's. Sums of many are of the same
 * shape.
 *
 * @param compared pairs of answers
 * @param sameText pairs with the same text
 * @param sameFinish pairs that ended for the same reason
 * @param sameCalls pairs with calls of the same tools with the same arguments, or both without
 * @param baselineFailed pairs without an answer of the baseline
 * @param candidateFailed pairs without an answer of the candidate
 * @param baselineTokens generated tokens
 * @param candidateTokens generated tokens
 * @param baselineMillis time from request to last token
 * @param candidateMillis time from request to last token
 */
public record Comparison(
    long compared,
    long sameText,
    long sameFinish,
    long sameCalls,
    long baselineFailed,
    long candidateFailed,
    long baselineTokens,
    long candidateTokens,
    long baselineMillis,
    long candidateMillis) {
  public static final Comparison NONE = new Comparison(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
}
