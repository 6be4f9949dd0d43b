/** Configuration of upstreams and routes. */
@NullMarked
package io.hadal.server.routing.config;

import org.jspecify.annotations.NullMarked;
