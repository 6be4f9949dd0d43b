/** JMH benchmarks; docs/benchmarks.md says how they are run and read. */
@NullMarked
package io.hadal.benchmarks;

import org.jspecify.annotations.NullMarked;
