package io.hadal.train.corpus.task;

import java.util.List;

/**
 * A change that makes safe code unsafe.
 *
 * @param at offset of what is unsafe then, in the text as it was; no edit goes across it
 */
record Weakening(Weakness weakness, List<Edit> edits, int at) {}
