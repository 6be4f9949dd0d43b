@NullMarked
package io.hadal.server.wire;

import org.jspecify.annotations.NullMarked;
