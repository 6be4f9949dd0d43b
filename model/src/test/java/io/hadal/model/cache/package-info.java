@NullMarked
package io.hadal.model.cache;

import org.jspecify.annotations.NullMarked;
