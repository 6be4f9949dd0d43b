/**
 * Load on a server with an OpenAI API: closed and open loops, clients that leave, streams that
 * wait; docs/benchmarks-serving.md says how it is run and read.
 */
@NullMarked
package io.hadal.benchmarks.load;

import org.jspecify.annotations.NullMarked;
