@NullMarked
package io.hadal.platform.reports;

import org.jspecify.annotations.NullMarked;
