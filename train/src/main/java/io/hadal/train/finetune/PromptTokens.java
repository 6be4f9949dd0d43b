package io.hadal.train.finetune;

import io.hadal.formats.prompt.PromptDialect;
import io.hadal.formats.prompt.PromptSegment;
import java.util.List;
import java.util.function.Function;

/**
 * How conversations become tokens.
 *
 * @param dialect prompt format of the model
 * @param encoder token ids of a rendered prompt; added tokens come out of trusted segments only
 */
public record PromptTokens(PromptDialect dialect, Function<List<PromptSegment>, int[]> encoder) {}
