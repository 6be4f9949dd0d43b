@NullMarked
package io.hadal.platform.keys;

import org.jspecify.annotations.NullMarked;
