package io.hadal.model.weights;

import io.hadal.model.engram.EngramTable;
import io.hadal.model.engram.EngramWeights;
import io.hadal.model.engram.RowIndex;

/**
 * One layer's n-gram memory (engram spec 3.1).
 *
 * @param index hash of a position's n-grams to rows
 * @param table rows, in memory or on disk
 * @param weights projection and norms that fuse the rows into the streams
 */
public record EngramLayer(RowIndex index, EngramTable table, EngramWeights weights) {}
