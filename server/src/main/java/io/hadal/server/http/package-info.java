/** HTTP as the server sees it, and its implementation. */
@NullMarked
package io.hadal.server.http;

import org.jspecify.annotations.NullMarked;
