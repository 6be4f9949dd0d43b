@NullMarked
package io.hadal.platform.json;

import org.jspecify.annotations.NullMarked;
