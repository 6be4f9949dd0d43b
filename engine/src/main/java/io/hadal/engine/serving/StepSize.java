package io.hadal.engine.serving;

/**
 * What a step computes.
 *
 * @param promptTokens tokens of prompts
 * @param promptContext mean tokens that were there before them
 * @param answers tokens of answers, guessed ones too
 * @param answerContext mean length of their timelines
 */
public record StepSize(int promptTokens, double promptContext, int answers, double answerContext) {}
