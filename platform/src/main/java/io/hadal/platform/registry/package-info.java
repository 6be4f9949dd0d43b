/** Models as names, and as versions that never change (platform specification, 2.7). */
@NullMarked
package io.hadal.platform.registry;

import org.jspecify.annotations.NullMarked;
