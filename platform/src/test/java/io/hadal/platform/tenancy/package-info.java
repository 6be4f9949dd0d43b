@NullMarked
package io.hadal.platform.tenancy;

import org.jspecify.annotations.NullMarked;
