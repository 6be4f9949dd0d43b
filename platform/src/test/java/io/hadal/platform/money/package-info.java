@NullMarked
package io.hadal.platform.money;

import org.jspecify.annotations.NullMarked;
