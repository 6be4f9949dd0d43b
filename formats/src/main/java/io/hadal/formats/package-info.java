@NullMarked
package io.hadal.formats;

import org.jspecify.annotations.NullMarked;
