/** Tests of the kernels. */
@NullMarked
package io.hadal.kernels;

import org.jspecify.annotations.NullMarked;
