/** Kernels and the types that describe stored matrices. */
@NullMarked
package io.hadal.kernels;

import org.jspecify.annotations.NullMarked;
