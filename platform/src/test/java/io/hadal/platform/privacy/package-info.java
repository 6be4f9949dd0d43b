@NullMarked
package io.hadal.platform.privacy;

import org.jspecify.annotations.NullMarked;
