/** Tests of what all parts of the platform share. */
@NullMarked
package io.hadal.platform;

import org.jspecify.annotations.NullMarked;
