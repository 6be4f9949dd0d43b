/** Rate limits (platform specification, 2.3). */
@NullMarked
package io.hadal.platform.limits;

import org.jspecify.annotations.NullMarked;
