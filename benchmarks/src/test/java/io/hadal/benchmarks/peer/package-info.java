@NullMarked
package io.hadal.benchmarks.peer;

import org.jspecify.annotations.NullMarked;
