/** Damaged and absurd configurations. */
@NullMarked
package io.hadal.engine.hostile;

import org.jspecify.annotations.NullMarked;
