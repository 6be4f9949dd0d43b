@NullMarked
package io.hadal.platform.rollout;

import org.jspecify.annotations.NullMarked;
