@NullMarked
package io.hadal.platform.db;

import org.jspecify.annotations.NullMarked;
