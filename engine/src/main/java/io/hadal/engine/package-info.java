@NullMarked
package io.hadal.engine;

import org.jspecify.annotations.NullMarked;
