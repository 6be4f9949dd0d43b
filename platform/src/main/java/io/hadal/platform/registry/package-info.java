/** Models as names, and as versions that never change. */
@NullMarked
package io.hadal.platform.registry;

import org.jspecify.annotations.NullMarked;
