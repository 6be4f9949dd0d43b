package io.hadal.platform.reports;

/**
 * How often a promise about speed was kept.
 *
 * @param firstTokens attempts that had a first token
 * @param firstTokensInTime those of them within the promise
 * @param answers attempts whose time between tokens is known
 * @param answersInTime those of them within the promise
 */
public record Attainment(
    long firstTokens, long firstTokensInTime, long answers, long answersInTime) {}
