/** Plain Java references: they define the bits that every other implementation returns. */
@NullMarked
package io.hadal.kernels.scalar;

import org.jspecify.annotations.NullMarked;
