@NullMarked
package io.hadal.server.routing;

import org.jspecify.annotations.NullMarked;
