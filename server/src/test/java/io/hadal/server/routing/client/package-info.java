/** HTTP/1.1 to upstreams, against sockets that say what no server should. */
@NullMarked
package io.hadal.server.routing.client;

import org.jspecify.annotations.NullMarked;
