/** Jobs at upstreams that take longer than a request, such as videos. */
@NullMarked
package io.hadal.platform.media;

import org.jspecify.annotations.NullMarked;
