@NullMarked
package io.hadal.platform.journal;

import org.jspecify.annotations.NullMarked;
