@NullMarked
package io.hadal.train.graph;

import org.jspecify.annotations.NullMarked;
