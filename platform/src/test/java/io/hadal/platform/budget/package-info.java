@NullMarked
package io.hadal.platform.budget;

import org.jspecify.annotations.NullMarked;
