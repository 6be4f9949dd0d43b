/** The forward pass, in the order of the paper. */
@NullMarked
package io.hadal.model.forward;

import org.jspecify.annotations.NullMarked;
