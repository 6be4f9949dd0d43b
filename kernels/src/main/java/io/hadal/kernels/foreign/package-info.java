/** The optional native library: finding it, calling it, and kernels on top of it. */
@NullMarked
package io.hadal.kernels.foreign;

import org.jspecify.annotations.NullMarked;
