/** What a request asks for, may take and took: the words that limits, money and servers share. */
@NullMarked
package io.hadal.platform.usage;

import org.jspecify.annotations.NullMarked;
