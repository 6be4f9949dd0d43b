@NullMarked
package io.hadal.engine.memory;

import org.jspecify.annotations.NullMarked;
