@NullMarked
package io.hadal.engine.capacity;

import org.jspecify.annotations.NullMarked;
