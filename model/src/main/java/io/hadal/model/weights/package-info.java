/** Stored tensors bound to the places of the architecture. */
@NullMarked
package io.hadal.model.weights;

import org.jspecify.annotations.NullMarked;
