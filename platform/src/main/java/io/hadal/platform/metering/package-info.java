/** What a request may take, and what it took. */
@NullMarked
package io.hadal.platform.metering;

import org.jspecify.annotations.NullMarked;
