@NullMarked
package io.hadal.benchmarks.load;

import org.jspecify.annotations.NullMarked;
