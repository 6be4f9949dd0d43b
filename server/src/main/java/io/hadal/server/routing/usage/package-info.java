/** Reading what upstreams send, beside sending it on: events, usage, errors. */
@NullMarked
package io.hadal.server.routing.usage;

import org.jspecify.annotations.NullMarked;
