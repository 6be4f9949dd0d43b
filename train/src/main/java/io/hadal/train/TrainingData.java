package io.hadal.train;

import java.nio.file.Path;
import java.util.Map;

/**
 * What a run reads.
 *
 * @param training text to learn from
 * @param evaluation held-out texts by name, the first of which counts as the main one
 * @param tokenBytes bytes of text each token id stands for
 * @param tokenizer {@code tokenizer.json} of the ids
 */
public record TrainingData(
    TokenStore training, Map<String, TokenStore> evaluation, int[] tokenBytes, Path tokenizer) {}
