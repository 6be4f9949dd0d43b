@NullMarked
package io.hadal.server.explain;

import org.jspecify.annotations.NullMarked;
