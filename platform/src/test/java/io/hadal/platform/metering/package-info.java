@NullMarked
package io.hadal.platform.metering;

import org.jspecify.annotations.NullMarked;
