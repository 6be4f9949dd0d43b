package io.hadal.train.corpus.task;

/**
 * A weakness at a place.
 *
 * @param at offset into the file
 */
record Finding(Weakness weakness, int at) {}
