/** Training of models. */
@NullMarked
package io.hadal.train;

import org.jspecify.annotations.NullMarked;
