@NullMarked
package io.hadal.engine.serving;

import org.jspecify.annotations.NullMarked;
