@NullMarked
package io.hadal.platform.backup;

import org.jspecify.annotations.NullMarked;
