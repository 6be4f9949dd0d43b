/** The serving API: configuration, keys, metrics and the server itself. */
@NullMarked
package io.hadal.server;

import org.jspecify.annotations.NullMarked;
