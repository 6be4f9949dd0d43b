@NullMarked
package io.hadal.platform.lease;

import org.jspecify.annotations.NullMarked;
