@NullMarked
package io.hadal.platform.audit;

import org.jspecify.annotations.NullMarked;
