/** The platform of one process, put together. */
@NullMarked
package io.hadal.platform.node;

import org.jspecify.annotations.NullMarked;
