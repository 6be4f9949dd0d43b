/**
 * Hadal's matrix kernels beside those of llama.cpp's CPU library in one process; docs/benchmarks.md
 * says how it is run and read.
 */
@NullMarked
package io.hadal.benchmarks.peer;

import org.jspecify.annotations.NullMarked;
