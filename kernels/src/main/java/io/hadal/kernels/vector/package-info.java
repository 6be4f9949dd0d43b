/** Vector API kernels; nothing outside this package touches jdk.incubator.vector. */
@NullMarked
package io.hadal.kernels.vector;

import org.jspecify.annotations.NullMarked;
