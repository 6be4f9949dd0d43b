/** The differentiable model: forward and backward passes block by block. */
@NullMarked
package io.hadal.train.graph;

import org.jspecify.annotations.NullMarked;
