package io.hadal.model.forward;

/**
 * A block of guessed tokens.
 *
 * @param tokens proposed ids
 * @param baseLogits {@code [block, vocab]} of the drafter's stages alone
 * @param logits with the token-to-token correction
 * @param confidence raw, one a token; a sigmoid makes it a probability
 */
public record BlockProposal(int[] tokens, float[] baseLogits, float[] logits, float[] confidence) {}
