/**
 * HTTP/1.1 to upstreams on blocking sockets: one virtual thread carries a request from the client
 * to the upstream and its answer back, so that no other thread stands between them.
 */
@NullMarked
package io.hadal.server.routing.client;

import org.jspecify.annotations.NullMarked;
