@NullMarked
package io.hadal.platform.media;

import org.jspecify.annotations.NullMarked;
