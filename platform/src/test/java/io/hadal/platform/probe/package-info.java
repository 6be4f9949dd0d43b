@NullMarked
package io.hadal.platform.probe;

import org.jspecify.annotations.NullMarked;
