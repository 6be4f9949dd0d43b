/** Tiny random checkpoints and a slow, independent forward pass to compare with. */
@NullMarked
package io.hadal.engine.tiny;

import org.jspecify.annotations.NullMarked;
