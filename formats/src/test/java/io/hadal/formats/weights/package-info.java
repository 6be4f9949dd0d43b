/** Tests of the weight containers. */
@NullMarked
package io.hadal.formats.weights;

import org.jspecify.annotations.NullMarked;
