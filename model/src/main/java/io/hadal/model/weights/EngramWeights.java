package io.hadal.model.weights;

import io.hadal.kernels.Matrix;
import io.hadal.model.engram.EngramIndex;
import io.hadal.model.engram.EngramTable;

/**
 * One layer's n-gram memory (engram spec 3.1).
 *
 * @param index hash of a position's n-grams to rows
 * @param table rows, in memory or on disk
 * @param wkv {@code [(streams + 1) * hidden, columns * rowWidth]}: one key a stream, then the value
 * @param gain product of query and key weights {@code [streams * hidden]}
 */
public record EngramWeights(EngramIndex index, EngramTable table, Matrix wkv, float[] gain) {}
