/** Routing to other providers and replicas (platform specification, 2.8). */
@NullMarked
package io.hadal.server.routing;

import org.jspecify.annotations.NullMarked;
