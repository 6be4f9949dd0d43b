/** How far results of one way to compute a model are from those of another. */
@NullMarked
package io.hadal.engine.compare;

import org.jspecify.annotations.NullMarked;
