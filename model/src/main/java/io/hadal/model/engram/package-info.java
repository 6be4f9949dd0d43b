/**
 * Engram: conditional n-gram memory. Token ids become canonical ids, n-grams of these become table
 * rows, rows are read from memory or disk and fused into the residual streams.
 */
@NullMarked
package io.hadal.model.engram;

import org.jspecify.annotations.NullMarked;
