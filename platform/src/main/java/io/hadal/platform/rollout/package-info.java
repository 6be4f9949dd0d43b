/** New versions by degrees: canaries, copies, switches, and the way back (specification, 2.7). */
@NullMarked
package io.hadal.platform.rollout;

import org.jspecify.annotations.NullMarked;
