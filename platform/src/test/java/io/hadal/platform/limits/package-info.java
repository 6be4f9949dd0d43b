@NullMarked
package io.hadal.platform.limits;

import org.jspecify.annotations.NullMarked;
