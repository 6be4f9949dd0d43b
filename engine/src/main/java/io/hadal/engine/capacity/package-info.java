/** How much a machine can serve, by simulation of its scheduler (platform specification, 2.15). */
@NullMarked
package io.hadal.engine.capacity;

import org.jspecify.annotations.NullMarked;
