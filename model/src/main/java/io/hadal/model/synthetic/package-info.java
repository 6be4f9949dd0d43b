/** Checkpoints of released layer shapes with random weights, for measurements. */
@NullMarked
package io.hadal.model.synthetic;

import org.jspecify.annotations.NullMarked;
