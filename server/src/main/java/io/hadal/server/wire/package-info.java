/** The dialects: how requests are read and answers written. */
@NullMarked
package io.hadal.server.wire;

import org.jspecify.annotations.NullMarked;
