package io.hadal.model.weights;

import io.hadal.model.engram.CanonicalMap;
import io.hadal.model.engram.CodeVocabulary;
import org.jspecify.annotations.Nullable;

/**
 * What the n-gram memory takes from a tokenizer.
 *
 * @param canonical raw token ids to canonical ids
 * @param vocabulary for structural channels, null without
 */
public record TokenMaps(CanonicalMap canonical, @Nullable CodeVocabulary vocabulary) {}
