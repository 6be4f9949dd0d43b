@NullMarked
package io.hadal.platform.compare;

import org.jspecify.annotations.NullMarked;
